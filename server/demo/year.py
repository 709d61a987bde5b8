"""What each unit of the demonstration ends with, and what happens to it on the way: invented, to show the rules.

One row a unit: the sums its inspectors reach section by section, claims that were counted, and the odd case it stands
for. `scripts` turns these rows into what simulated people do; it must never know how.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from server.demo import data


@dataclass(frozen=True)
class Claim:
    """A bonus the unit claims, or a penalty the leader finds; counted by decision."""

    item: str
    key: str
    occurrences: str
    why: str
    number: str | None = None


@dataclass(frozen=True)
class UnitYear:
    """`targets` are the sums of the cross means by section, before the section is scaled to its maximum.

    `settled` is what was decided on a returned criterion afterwards; `counts` are of criteria that are counted.
    """

    targets: dict[str, str]
    claims: tuple[Claim, ...] = ()
    boldest: str | None = None
    not_visited_by: tuple[str, ...] = ()
    returned: tuple[str, str] | None = None
    settled: tuple[str, str, str] | None = None
    adjusted: tuple[str, str, str] | None = None
    accepted: tuple[str, ...] = ()
    not_applicable: tuple[str, str] | None = None
    counts: dict[str, str] = field(default_factory=dict)


_PRACTICE = "bonus-practice"
_PRIZE = "bonus-prize"
_LATE = "penalty-late"
_ABSENT = "penalty-absent"

_2024: dict[str, UnitYear] = {
    # Cluster 1. Hà Nội is the worked case of the rules: 437 of 460 applicable points make 570.00 of 600.
    data.HA_NOI.unit: UnitYear(
        {"i": "437", "ii": "188", "iii": "190"},
        claims=(
            Claim(
                _PRACTICE, "thu-vien-luu-dong", "1", "Mô hình thư viện lưu động được Hà Nam áp dụng.", "1873/QĐ-UBND"
            ),
            Claim(
                _PRACTICE, "tuyen-pho-van-hoa", "1", "Mô hình tuyến phố văn hóa được Hải Dương áp dụng.", "1873/QĐ-UBND"
            ),
            Claim(
                _PRIZE, "lien-hoan-xiec", "1", "Huy chương vàng liên hoan nghệ thuật toàn quốc năm 2024.", "412/QĐ-NTBD"
            ),
            Claim(_LATE, "bao-cao-quy", "2", "Báo cáo quý II và quý III gửi sau hạn."),
        ),
        accepted=("i-1", "i-2", "ii-1", "iii-2"),
    ),
    data.HAI_DUONG.unit: UnitYear(
        {"i": "566", "ii": "187", "iii": "184"},
        claims=(
            Claim(_PRIZE, "giai-vat", "1", "Giải nhất toàn đoàn giải vật dân tộc toàn quốc năm 2024.", "655/QĐ-TDTT"),
        ),
        accepted=("i-1", "iii-1"),
    ),
    data.HUNG_YEN.unit: UnitYear(
        {"i": "561.5", "ii": "186.5", "iii": "187"},
        claims=(
            Claim(
                _PRACTICE,
                "lop-cheo-cong-dong",
                "1",
                "Mô hình lớp hát chèo cộng đồng được Hà Nam áp dụng.",
                "929/QĐ-UBND",
            ),
            Claim(
                _PRACTICE, "tu-sach-lang-nghe", "1", "Mô hình tủ sách làng nghề được Thái Bình áp dụng.", "934/QĐ-UBND"
            ),
        ),
        boldest="i-3",
        adjusted=(
            "i-3",
            "36.5",
            "Hai chương trình chưa có hồ sơ kèm theo nên chưa tính; đã trừ so với trung bình các đoàn.",
        ),
        accepted=("i-1", "i-5"),
    ),
    data.HA_NAM.unit: UnitYear(
        {"i": "548.5", "ii": "182", "iii": "178.5"},
        claims=(
            Claim(_ABSENT, "hoi-nghi-so-ket", "1", "Vắng mặt tại hội nghị sơ kết ngày 02/8/2024, không có lý do."),
        ),
    ),
    data.BAC_NINH.unit: UnitYear(
        {"i": "552", "ii": "183.5", "iii": "181"},
        boldest="i-4",
        returned=(
            "i-4",
            "Số hộ đạt danh hiệu gia đình văn hóa chưa khớp với báo cáo của các huyện; đề nghị bổ sung biểu tổng hợp.",
        ),
        settled=("i-4", "52.5", "Đơn vị đã bổ sung biểu tổng hợp có xác nhận của các huyện; cụm thống nhất điểm này."),
    ),
    # Cluster 4.
    data.LANG_SON.unit: UnitYear(
        {"i": "558", "ii": "187", "iii": "188.5"},
        claims=(
            Claim(
                _PRACTICE, "pho-di-bo-ky-lua", "1", "Mô hình phố đi bộ Kỳ Lừa được Cao Bằng áp dụng.", "1190/QĐ-UBND"
            ),
        ),
        accepted=("i-7", "iii-2"),
    ),
    data.TUYEN_QUANG.unit: UnitYear(
        {"i": "560.5", "ii": "186", "iii": "187"},
        claims=(
            Claim(_PRIZE, "le-hoi-thanh-tuyen", "1", "Kỷ lục đèn trung thu được công nhận năm 2024.", "87/QĐ-KLVN"),
        ),
        accepted=("i-3", "iii-2"),
    ),
    data.HA_GIANG.unit: UnitYear(
        {"i": "549.5", "ii": "184", "iii": "182.5"},
        boldest="i-7",
        adjusted=("i-7", "72.5", "Cụm thống nhất chỉ tính các sản phẩm du lịch đã có quyết định công nhận."),
    ),
    data.CAO_BANG.unit: UnitYear(
        {"i": "541", "ii": "183.5", "iii": "180"},
        not_visited_by=(data.BAC_KAN.unit,),
        claims=(Claim(_LATE, "bao-cao-so-ket", "1", "Báo cáo sơ kết sáu tháng gửi sau hạn năm ngày."),),
    ),
    data.BAC_KAN.unit: UnitYear(
        {"i": "483", "ii": "181", "iii": "176.5"},
        not_applicable=(
            "i-6",
            "Tỉnh không được giao chỉ tiêu thể thao thành tích cao năm 2024; cụm đồng ý không áp dụng.",
        ),
    ),
}

_2025: dict[str, UnitYear] = {
    # Cluster 4 on its way: what was praised in time is counted, and Hà Giang's six months pass to Tuyên Quang.
    data.HA_GIANG.unit: UnitYear({"i": "521", "ii": "178", "iii": "139"}, counts={"iii-4": "6"}),
    data.TUYEN_QUANG.unit: UnitYear({"i": "557", "ii": "187", "iii": "149"}, counts={"iii-4": "9"}),
    data.CAO_BANG.unit: UnitYear({"i": "546.5", "ii": "185", "iii": "146.5"}, counts={"iii-4": "15"}),
    data.LANG_SON.unit: UnitYear({"i": "553", "ii": "186", "iii": "147.5"}, counts={"iii-4": "17"}),
}

_BLOCK: dict[str, UnitYear] = {
    data.GENERAL.unit: UnitYear({"i": "57", "ii": "14", "iii": "9.5", "iv": "14"}, accepted=("i-1", "iv-1")),
    data.LEGAL.unit: UnitYear(
        {"i": "55.5", "ii": "13.5", "iii": "4.5", "iv": "13.5"},
        accepted=("i-1",),
        not_applicable=("iii-2", "Đơn vị mới thành lập, công đoàn còn sinh hoạt ghép; khối đồng ý không áp dụng."),
    ),
    data.FINANCE.unit: UnitYear(
        {"i": "54", "ii": "13", "iii": "9", "iv": "13"},
        returned=("ii-1", "Số hồ sơ đúng hạn chưa khớp với sổ theo dõi; đề nghị đối chiếu và nộp lại."),
    ),
    data.TRAINING.unit: UnitYear({"i": "53.5", "ii": "13", "iii": "9", "iv": "12.5"}),
}

YEARS: dict[tuple[str, int], dict[str, UnitYear]] = {
    data.CLUSTER_1.key: _2024,
    data.CLUSTER_4.key: _2024,
    data.CLUSTER_4_NEXT.key: _2025,
    data.BLOCK.key: _BLOCK,
}
