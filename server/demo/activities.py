"""What the demonstration's people photograph: titles, places and movements. Invented, and drawn rather than taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Activity:
    title: str
    where: str
    movement: str | None = None


# By the function a criterion belongs to, else by its section.
ACTIVITIES: dict[str, tuple[Activity, ...]] = {
    "culture": (
        Activity("Liên hoan nghệ thuật quần chúng năm 2024", "Trung tâm Văn hóa tỉnh", "doi-song-van-hoa"),
        Activity("Lễ đón bằng xếp hạng di tích cấp tỉnh", "Đình làng", "doi-song-van-hoa"),
        Activity("Ngày hội đọc sách và văn hóa đọc", "Thư viện tỉnh"),
        Activity("Chiếu phim lưu động phục vụ vùng sâu, vùng xa", "Sân nhà văn hóa thôn", "nong-thon-moi"),
    ),
    "family": (
        Activity("Ngày hội Gia đình Việt Nam 28/6", "Nhà văn hóa trung tâm", "doi-song-van-hoa"),
        Activity("Tập huấn Bộ tiêu chí ứng xử trong gia đình", "Hội trường Sở", "doi-song-van-hoa"),
    ),
    "sports": (
        Activity("Ngày chạy Olympic vì sức khỏe toàn dân", "Quảng trường trung tâm", "ren-luyen-than-the"),
        Activity("Đại hội thể dục thể thao cấp xã", "Sân vận động huyện", "ren-luyen-than-the"),
        Activity("Khai giảng lớp bơi phòng, chống đuối nước", "Bể bơi trung tâm", "ren-luyen-than-the"),
    ),
    "tourism": (
        Activity("Khai mạc tuần văn hóa – du lịch", "Phố đi bộ"),
        Activity("Ra mắt điểm du lịch cộng đồng", "Bản du lịch cộng đồng", "nong-thon-moi"),
        Activity("Tập huấn kỹ năng đón khách cho hộ dân", "Nhà văn hóa xã"),
    ),
    "i": (
        Activity("Bộ phận Một cửa tiếp nhận hồ sơ trực tuyến", "Trung tâm phục vụ hành chính công"),
        Activity("Số hóa hồ sơ di tích", "Bảo tàng tỉnh"),
    ),
    "ii": (
        Activity("Hội nghị quán triệt nghị quyết của Đảng", "Hội trường Sở"),
        Activity("Đại hội công đoàn cơ sở", "Hội trường Sở"),
    ),
    "iii": (
        Activity("Lễ ký giao ước thi đua năm 2024", "Hội trường Sở"),
        Activity("Tôn vinh điển hình tiên tiến là người lao động trực tiếp", "Hội trường Sở", "vi-nguoi-ngheo"),
        Activity("Trao nhà Đại đoàn kết cho hộ nghèo", "Xã vùng cao", "vi-nguoi-ngheo"),
    ),
}

CROSS_SEEN = (
    Activity("Kiểm tra hồ sơ thi đua tại đơn vị", "Trụ sở Sở"),
    Activity("Làm việc với lãnh đạo đơn vị được kiểm tra", "Phòng họp Sở"),
    Activity("Kiểm tra thực tế thiết chế văn hóa cơ sở", "Nhà văn hóa xã"),
    Activity("Đối chiếu sổ sách, minh chứng", "Trụ sở Sở"),
)


def activity_for(function: str | None, section: str, nth: int) -> Activity:
    """The nth activity that suits a criterion; they come round again."""
    choices: Sequence[Activity] = ACTIVITIES.get(function or "", ()) or ACTIVITIES.get(section, ACTIVITIES["iii"])
    return choices[nth % len(choices)]
