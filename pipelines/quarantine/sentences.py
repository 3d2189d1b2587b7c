"""How to mend a row, in an officer's words: one sentence a kind of fault that a cell can have.

Only words stand here; `mending` chooses and fills them. The sentence of a rule stands with the rule, in its suite.
"""

from pipelines.parse.cells.units import Relation

# By the reason behind a column's name, as the parser writes it. {label} is the column, {value} what came.
CELLS = {
    "empty": "Điền «{label}»; ô này không được để trống.",
    "malformed": "Viết lại «{label}» đúng mẫu: {shape}.",
    "unknown or ambiguous unit": "Ghi «{label}» đúng theo danh mục đơn vị có hiệu lực trong kỳ. {nearest}",
    "unknown endpoint": "Dùng đúng mã điểm cầu đã đăng ký; điểm cầu mới thì đề nghị Trung tâm dữ liệu ghi vào danh mục.",
    "names a total that the contract does not": "Dòng này là dòng tổng của các dòng khác: bỏ dòng này khi xuất, hoặc đề nghị Trung tâm dữ liệu khai nhãn của nó trong hợp đồng.",
    "list": "Chọn «{label}» trong danh mục: {codes}.",
    "date": "Ghi «{label}» là ngày có thật, dạng {form}.",
    "timestamp": "Ghi «{label}» là ngày giờ có thật, dạng {form}.",
    "number": "Ghi «{label}» là một số, chỉ gồm chữ số{separators}; không kèm đơn vị hay ghi chú.",
    "percent": "Ghi «{label}» là tỷ lệ phần trăm có dấu %, chỉ gồm chữ số{separators}, ví dụ 95{decimal}5%.",
    "boolean": "Ghi «{label}» là Có hoặc Không (true/false, 1/0).",
    "below": "Sửa «{label}» không nhỏ hơn {bound}.",
    "above": "Sửa «{label}» không lớn hơn {bound}.",
}
# By what the suggested units are to the text; none of them is taken unasked.
UNITS_MEANT = {
    Relation.SAME_NAME: "Tên này trùng nhiều đơn vị, hãy ghi rõ đơn vị nào: {units}.",
    Relation.NEAR: "Có thể là: {units}. Đơn vị mới lập hoặc cách viết khác thì đề nghị Trung tâm dữ liệu bổ sung danh mục.",
    Relation.SUCCESSOR: "Đơn vị này đã nhập vào: {units}. Ghi theo đơn vị có hiệu lực trong kỳ.",
}
NO_UNIT_IS_NEAR = "Đơn vị mới lập thì đề nghị Trung tâm dữ liệu bổ sung danh mục."
UNREAD_FILE = "Cả tệp ghi ở cột «Trang» không đọc được nên chưa tính dòng nào trong đó; đề nghị quản trị hệ thống nguồn gửi lại tệp này."
ANOTHER_FAULT = "Đối chiếu dòng này với hồ sơ gốc và sửa ô bị nêu."
ANOTHER_RULE = "Sửa để đúng quy tắc: {says}"

# What a well-formed text looks like, by column or by its type.
SHAPES = {
    "dossier_key": "mã đơn vị-yyMMdd-số thứ tự, ví dụ H56.10-261105-0001",
    "document_id": "mã đơn vị,năm/tháng/ngày,số/ký hiệu, ví dụ H56.10,2026/11/05,07/QĐ-SYT",
    "procedure_code": "một chữ số, dấu chấm, sáu chữ số, ví dụ 1.010708",
}
ANOTHER_SHAPE = "như các dòng được nhận của cùng cột"

GUIDE = (
    ("Tệp này là gì", "Các dòng số liệu của đơn vị bị để riêng (cách ly) vì sai; chúng CHƯA được tính vào chỉ tiêu nào."),
    ("Sửa ở đâu", "Sửa tại phần mềm nguồn rồi xuất lại. Không sửa trong tệp này: tệp này không được nạp trở lại."),
    ("Tìm dòng gốc", "«Tệp», «Trang» và «Dòng số» chỉ đúng dòng trong tệp đã gửi, đếm từ 1 kể cả dòng tiêu đề. Với dữ liệu lấy qua kết nối, «Dòng số» là thứ tự bản ghi."),
    ("Sai gì, Cách sửa", "Một dòng có thể sai nhiều chỗ; mọi chỗ sai đều được nêu, ô sai được tô đỏ. Sửa hết rồi mới xuất lại."),
    ("Dấu •••", "Ô có dữ liệu cá nhân được che. Muốn xem, mở lại dòng gốc ở phần mềm nguồn."),
    ("Mã tệp", "Mười hai ký tự đầu của mã băm tệp gốc; nêu mã này khi liên hệ để Trung tâm dữ liệu tìm đúng tệp."),
    ("So với tuần trước", "▲ tỷ lệ dòng sai tăng, ▼ giảm, = không đổi, – chưa so được. So theo tỷ lệ trên số dòng đã đọc của cả bộ dữ liệu, vì nhiều dòng hơn thì lỗi cũng nhiều hơn. Số liệu tháng so với tháng trước."),
    ("Sau khi sửa", "Xuất lại đúng kỳ đó. Lần kéo sau sẽ đọc tệp mới; dòng đúng được tính, dòng còn sai vẫn ở đây."),
    ("In", "Khổ A4 ngang; chỉ in phần bên trái (sai gì, cách sửa). Toàn bộ ô của dòng nằm bên phải để xem trên máy."),
)  # fmt: skip
