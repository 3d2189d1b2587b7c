"""How to mend a row, in an officer's words: one sentence a kind of fault, one a rule of the suites.

Only words stand here; `mending` chooses and fills them. A rule that an analyst adds without a sentence is told by its
own words (`says`), so nobody has to come here first.
"""

from pipelines.parse.cells.units import Relation

# By the reason behind a column's name, as the parser writes it. {label} is the column, {value} what came.
CELLS = {
    "empty": "Điền «{label}»; ô này không được để trống.",
    "malformed": "Viết lại «{label}» đúng mẫu: {shape}.",
    "unknown or ambiguous unit": "Ghi «{label}» đúng theo danh mục đơn vị có hiệu lực trong kỳ. {nearest}",
    "unknown endpoint": "Dùng đúng mã điểm cầu đã đăng ký; điểm cầu mới thì đề nghị Trung tâm dữ liệu ghi vào danh mục.",
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
ANOTHER_FAULT = "Đối chiếu dòng này với hồ sơ gốc và sửa ô bị nêu."
ANOTHER_RULE = "Sửa để đúng quy tắc: {says}"

# What a well-formed text looks like, by column or by its type.
SHAPES = {
    "dossier_key": "mã đơn vị-yyMMdd-số thứ tự, ví dụ H56.12-261105-0001",
    "document_id": "mã đơn vị,năm/tháng/ngày,số/ký hiệu, ví dụ H56.12,2026/11/05,07/QĐ-SYT",
    "procedure_code": "một chữ số, dấu chấm, sáu chữ số, ví dụ 1.010708",
}
ANOTHER_SHAPE = "như các dòng được nhận của cùng cột"

# By the rule's name in expectations/.
RULES = {
    "answer_says_whether_registered": "Điểm cầu có trả lời thì phải ghi trực tuyến hay không; kiểm tra phần mềm của điểm cầu.",
    "arrived_date_not_before_document_date": "Kiểm tra «Ngày đến» và ngày văn bản: văn bản không thể đến trước ngày ban hành.",
    "author_unit_code_is_present": "Điền tác giả đúng tên trong danh mục đơn vị.",
    "arrived_date_is_of_its_day": "Kiểm tra ngày đến: phải là ngày của sổ; văn bản của ngày khác thuộc sổ của ngày đó.",
    "call_record_names_its_call": "Bản ghi cuộc họp thiếu mã cuộc họp; đề nghị quản trị hệ thống hội nghị gửi lại.",
    "channel_code_is_known": "Chọn kênh nộp: 1 trực tiếp, 2 trực tuyến, 3 bưu chính công ích.",
    "charge_amount_is_plausible": "Kiểm tra số tiền lệ phí: từ 0 đến dưới 300 triệu đồng; nếu đúng là lớn hơn, báo Trung tâm dữ liệu.",
    "denominator_is_above_zero": "Mẫu số phải lớn hơn 0; chưa có số liệu thì để trống cả dòng, không ghi 0.",
    "document_is_not_secret": "Dừng lại và báo cáo ngay theo quy định bảo vệ bí mật nhà nước; không sửa độ mật để gửi lại.",
    "dossier_key_is_present": "Bổ sung mã hồ sơ.",
    "due_at_not_before_received_at": "Kiểm tra ngày hẹn trả và ngày tiếp nhận: hẹn trả không thể trước tiếp nhận.",
    "duration_seconds_is_plausible": "Thời lượng vượt hai ngày; đề nghị quản trị hệ thống hội nghị kiểm tra giờ kết thúc.",
    "fee_amount_is_plausible": "Kiểm tra số tiền phí: từ 0 đến dưới 300 triệu đồng; nếu đúng là lớn hơn, báo Trung tâm dữ liệu.",
    "finished_at_not_before_received_at": "Kiểm tra ngày kết thúc và ngày tiếp nhận: kết thúc không thể trước tiếp nhận.",
    "finished_dossier_has_a_finish_date": "Hồ sơ đã xử lý xong: điền ngày kết thúc; chưa xong: sửa lại trạng thái.",
    "it_ends_after_it_starts": "Kiểm tra giờ bắt đầu và giờ kết thúc: kết thúc không thể trước bắt đầu.",
    "it_lasts_two_days_at_most": "Thời lượng vượt hai ngày; đề nghị quản trị hệ thống hội nghị kiểm tra giờ kết thúc.",
    "it_was_polled_in_the_period": "Lần hỏi nằm ngoài kỳ; đề nghị Trung tâm dữ liệu kiểm tra đồng hồ của máy hỏi.",
    "leg_record_names_its_leg": "Bản ghi nhánh thiếu mã nhánh; đề nghị quản trị hệ thống hội nghị gửi lại.",
    "login_is_not_before_issue": "Kiểm tra ngày cấp và lần đăng nhập cuối: không thể đăng nhập trước khi được cấp.",
    "nothing_happened_after_the_update": "Kiểm tra các ngày của hồ sơ: không việc nào có thể sau ngày cập nhật.",
    "open_is_the_sum_of_its_parts": "Sửa để cột (11) = (12) + (13).",
    "received_at_not_before_submitted_at": "Kiểm tra ngày tiếp nhận và ngày nộp: tiếp nhận không thể trước khi nộp.",
    "received_dossier_has_a_receipt_date": "Hồ sơ đã tiếp nhận: điền ngày tiếp nhận; chưa tiếp nhận: sửa lại trạng thái.",
    "received_is_the_sum_of_its_parts": "Sửa để cột (3) = (4) + (5) + (6).",
    "recipient_count_is_plausible": "Kiểm tra danh sách nơi nhận: số nơi nhận không hợp lý.",
    "recipient_unit_code_is_present": "Điền mã đơn vị nhận.",
    "record_is_unique": "Các dòng cùng khóa ({labels}) nhưng khác nội dung: giữ một dòng đúng, bỏ dòng sai.",
    "recorded_at_is_present": "Bản ghi thiếu thời điểm; đề nghị quản trị hệ thống hội nghị gửi lại.",
    "returned_at_not_before_finished_at": "Kiểm tra ngày trả và ngày kết thúc: trả kết quả không thể trước khi kết thúc.",
    "settled_is_the_sum_of_its_parts": "Sửa để cột (7) = (8) + (9) + (10).",
    "share_is_at_most_one": "Kiểm tra tử số và mẫu số: tử số không thể lớn hơn mẫu số.",
    "signed_is_not_more_than_issued": "Kiểm tra số liệu: số văn bản ký số không thể nhiều hơn số ban hành.",
    "status_is_of_its_day": "Kiểm tra thời điểm của trạng thái: phải trong ngày của tệp; trạng thái ngày khác thuộc tệp ngày đó.",
    "status_code_is_known": "Chọn trạng thái hồ sơ trong danh mục từ 1 đến 10.",
    "supplement_received_at_not_before_supplement_requested_at": "Kiểm tra ngày nhận bổ sung: không thể trước ngày yêu cầu bổ sung.",
    "supplement_request_count_is_plausible": "Kiểm tra số lần yêu cầu bổ sung: từ 0 đến 50.",
    "times_are_milliseconds": "Giờ họp phải là mili giây từ năm 1970; đề nghị quản trị hệ thống hội nghị kiểm tra máy chủ.",
    "unit_code_is_present": "Điền mã đơn vị.",
    "updated_at_is_not_in_the_future": "Kiểm tra thời điểm cập nhật: không thể sau ngày được hỏi; xem lại đồng hồ của hệ thống.",
    "updated_at_is_present": "Bản ghi thiếu thời điểm cập nhật; đề nghị quản trị phần mềm xuất lại.",
    "withdrawn_dossier_has_a_withdrawal_date": "Hồ sơ đã rút: điền ngày rút; chưa rút: sửa lại trạng thái.",
}  # fmt: skip

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
