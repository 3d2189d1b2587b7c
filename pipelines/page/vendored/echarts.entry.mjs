// What the page draws with, and nothing else of ECharts: lines and bars, as SVG.
import { BarChart, LineChart } from "echarts/charts";
import { GridComponent, LegendComponent, TooltipComponent } from "echarts/components";
import * as core from "echarts/core";
import { SVGRenderer } from "echarts/renderers";

core.use([BarChart, LineChart, GridComponent, LegendComponent, TooltipComponent, SVGRenderer]);
export const init = core.init;
export const version = core.version;
