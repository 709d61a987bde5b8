"""Who takes part in the demonstration: real units, offices and movements; invented people, each with a sign-in.

Sources: the clusters' membership, leaders, themes, conferences and awards of 2024, their leaders of 2025 and the
mergers of 1 July 2025 were published by the Ministry and by the provinces. People's names are invented, and the block's
agencies are named by what such agencies do. It must never hold a score: those are made in `scores`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

YEAR = 2024
NEXT_YEAR = 2025

# Hà Nội has a department of its own for tourism; its department of culture and sports is not judged on it.
ALL_FUNCTIONS = ("culture", "sports", "tourism", "family")
WITHOUT_TOURISM = ("culture", "sports", "family")


@dataclass(frozen=True)
class Person:
    """One persona: `login` is what they type, `name` is invented."""

    login: str
    name: str
    unit: str
    roles: tuple[str, ...]
    job: tuple[str, str]


@dataclass(frozen=True)
class Unit:
    unit: str
    vi: str
    en: str
    short_vi: str
    short_en: str
    functions: tuple[str, ...] = ALL_FUNCTIONS
    kind: str = "department"
    parent: str | None = None


@dataclass(frozen=True)
class Conference:
    kind: str
    date: str
    place: str | None = None


@dataclass(frozen=True)
class Flag:
    """A warning that holds a unit's awards."""

    unit: str
    kind: str
    opened: str


@dataclass(frozen=True)
class Award:
    """A published figure. `form` is None where the source names the level alone."""

    award: str
    form: str | None
    level: str
    collectives: int
    individuals: int


@dataclass(frozen=True)
class Cluster:
    """One year of a cluster, or of a block. `signed` is None while the pact's day is not known."""

    group: str
    vi: str
    en: str
    theme_vi: str
    theme_en: str
    units: tuple[Unit, ...]
    leader: str
    deputy: str
    signed: str | None
    people: tuple[Person, ...]
    grassroots: tuple[Unit, ...] = ()
    places: dict[str, str] = field(default_factory=dict)
    year: int = YEAR
    kind: str = "cluster"
    scheme: str = "scheme:cum-1000:1"
    conferences: tuple[Conference, ...] = ()
    awards: tuple[Award, ...] = ()
    flags: tuple[Flag, ...] = ()

    @property
    def key(self) -> tuple[str, int]:
        return self.group, self.year

    def inspectors(self) -> dict[str, Person]:
        """Unit → the one of its people who goes on visits."""
        return {person.unit: person for person in self.people if "inspector" in person.roles}

    def heads(self) -> dict[str, Person]:
        """Unit → the one of its people who approves its self-score."""
        return {person.unit: person for person in self.people if "head" in person.roles}

    def specialists(self) -> dict[str, Person]:
        """Unit → the one of its people who enters its self-score."""
        return {person.unit: person for person in self.people if "specialist" in person.roles}


def _department(place: str, vi: str, *, tourism: bool = True) -> Unit:
    """A province's department; where tourism is another department's, the name is shorter by it."""
    if tourism:
        return Unit(
            f"so-vhttdl-{place}",
            f"Sở Văn hóa, Thể thao và Du lịch {vi}",
            f"Department of Culture, Sports and Tourism of {vi}",
            f"Sở VHTTDL {vi}",
            vi,
        )
    return Unit(
        f"so-vhtt-{place}",
        f"Sở Văn hóa và Thể thao {vi}",
        f"Department of Culture and Sports of {vi}",
        f"Sở VHTT {vi}",
        vi,
        WITHOUT_TOURISM,
    )


def _specialist(login: str, name: str, unit: Unit, *, also: tuple[str, str] | None = None) -> Person:
    vi, en = "Chuyên viên thi đua – khen thưởng", "Emulation specialist"
    if also is not None:
        vi, en = f"{vi} ({also[0]})", f"{en} ({also[1]})"
    return Person(login, name, unit.unit, ("specialist",), (vi, en))


def _head(login: str, name: str, unit: Unit) -> Person:
    return Person(login, name, unit.unit, ("head",), ("Lãnh đạo đơn vị", "Head of the unit"))


def _inspector(login: str, name: str, unit: Unit) -> Person:
    return Person(login, name, unit.unit, ("inspector",), ("Thành viên đoàn kiểm tra chéo", "Cross-inspector"))


def _agent(login: str, name: str, unit: Unit, *, also: tuple[str, str] | None = None) -> Person:
    """In a small agency one person enters the self-score and goes on the visits."""
    specialist = _specialist(login, name, unit, also=also)
    job = (f"{specialist.job[0]}, đi kiểm tra chéo", f"{specialist.job[1]}, also inspects")
    return replace(specialist, roles=("specialist", "inspector"), job=job)


def _contributor(login: str, name: str, unit: Unit) -> Person:
    return Person(login, name, unit.unit, ("grassroots",), ("Cán bộ văn hóa cơ sở", "Grassroots contributor"))


HA_NOI = _department("ha-noi", "Hà Nội", tourism=False)
HAI_DUONG = _department("hai-duong", "Hải Dương")
HUNG_YEN = _department("hung-yen", "Hưng Yên")
HA_NAM = _department("ha-nam", "Hà Nam")
BAC_NINH = _department("bac-ninh", "Bắc Ninh")

LANG_SON = _department("lang-son", "Lạng Sơn")
TUYEN_QUANG = _department("tuyen-quang", "Tuyên Quang")
HA_GIANG = _department("ha-giang", "Hà Giang")
CAO_BANG = _department("cao-bang", "Cao Bằng")
BAC_KAN = _department("bac-kan", "Bắc Kạn")

CHEO_CLUB = Unit(
    "nha-van-hoa-hien-nam",
    "Nhà văn hóa phường Hiến Nam",
    "Hiến Nam ward cultural house",
    "NVH Hiến Nam",
    "Hiến Nam",
    ("culture",),
    "grassroots",
    HUNG_YEN.unit,
)
THEN_CLUB = Unit(
    "clb-hat-then-hop-giang",
    "Câu lạc bộ hát Then, đàn Tính phường Hợp Giang",
    "Hợp Giang ward Then singing club",
    "CLB Then Hợp Giang",
    "Hợp Giang",
    ("culture",),
    "grassroots",
    CAO_BANG.unit,
)

THEME_VI = (
    "Đoàn kết, sáng tạo, phát huy vai trò của văn hóa, thể thao và du lịch là động lực phát triển bền vững đất nước"
)
THEME_EN = (
    "Solidarity, creativity, and promoting the role of culture, sports and tourism as the driving force for "
    "sustainable national development"
)

CLUSTER_1 = Cluster(
    group="cum-1",
    vi="Cụm thi đua số 1",
    en="Emulation cluster 1",
    theme_vi=THEME_VI,
    theme_en=THEME_EN,
    units=(HA_NOI, HAI_DUONG, HUNG_YEN, HA_NAM, BAC_NINH),
    leader=HAI_DUONG.unit,
    deputy=HUNG_YEN.unit,
    signed="2024-04-25",
    people=(
        _specialist("hong", "Phạm Thị Hồng", HAI_DUONG, also=("cụm trưởng", "cluster leader")),
        _head("ld-hai-duong", "Vũ Xuân Bách", HAI_DUONG),
        _inspector("duc", "Vũ Minh Đức", HAI_DUONG),
        _specialist("minh", "Trần Văn Minh", HUNG_YEN, also=("cụm phó", "deputy leader")),
        _head("ld-hung-yen", "Đoàn Quốc Khánh", HUNG_YEN),
        _inspector("lan", "Nguyễn Thị Lan", HUNG_YEN),
        _specialist("ha", "Lê Thu Hà", HA_NOI),
        _head("ld-ha-noi", "Đỗ Trường Giang", HA_NOI),
        _inspector("tuan", "Đặng Anh Tuấn", HA_NOI),
        _specialist("yen", "Trịnh Hải Yến", HA_NAM),
        _head("ld-ha-nam", "Phan Thanh Lâm", HA_NAM),
        _inspector("son", "Bùi Thanh Sơn", HA_NAM),
        _specialist("quyen", "Ngô Lệ Quyên", BAC_NINH),
        _head("ld-bac-ninh", "Nguyễn Minh Đức", BAC_NINH),
        _inspector("khanh", "Hoàng Duy Khánh", BAC_NINH),
        _contributor("thom", "Đỗ Thị Thơm", CHEO_CLUB),
    ),
    grassroots=(CHEO_CLUB,),
    places={
        HA_NOI.unit: "Hà Nội",
        HAI_DUONG.unit: "TP. Hải Dương",
        HUNG_YEN.unit: "TP. Hưng Yên",
        HA_NAM.unit: "TP. Phủ Lý",
        BAC_NINH.unit: "TP. Bắc Ninh",
    },
    conferences=(
        Conference("launch", "2024-04-25", "Hải Dương"),
        Conference("midyear", "2024-08-02", "Hưng Yên"),
    ),
    awards=(
        Award("bang-khen-cap-tinh", "merit-certificate", "province", 104, 252),
        Award("khen-thuong-cap-so", None, "department", 36, 57),
    ),
)

CLUSTER_4 = Cluster(
    group="cum-4",
    vi="Cụm thi đua số 4",
    en="Emulation cluster 4",
    theme_vi=THEME_VI,
    theme_en=THEME_EN,
    units=(LANG_SON, TUYEN_QUANG, HA_GIANG, CAO_BANG, BAC_KAN),
    leader=LANG_SON.unit,
    deputy=TUYEN_QUANG.unit,
    signed="2024-03-28",
    people=(
        _specialist("dao", "Hoàng Thị Đào", LANG_SON, also=("cụm trưởng", "cluster leader")),
        _head("ld-lang-son", "Nông Đức Hải", LANG_SON),
        _inspector("viet", "Nông Quốc Việt", LANG_SON),
        _specialist("thuy", "Ma Thị Thủy", TUYEN_QUANG, also=("cụm phó", "deputy leader")),
        _head("ld-tuyen-quang", "Hứa Trung Kiên", TUYEN_QUANG),
        _inspector("hieu", "Lương Trung Hiếu", TUYEN_QUANG),
        _specialist("mai", "Vàng Thị Mai", HA_GIANG),
        _head("ld-ha-giang", "Giàng Mí Sử", HA_GIANG),
        _inspector("cuong", "Lý Mạnh Cường", HA_GIANG),
        _specialist("nhung", "Bế Hồng Nhung", CAO_BANG),
        _head("ld-cao-bang", "Lý Thanh Tùng", CAO_BANG),
        _inspector("thang", "Đàm Toàn Thắng", CAO_BANG),
        _specialist("oanh", "Triệu Kim Oanh", BAC_KAN),
        _head("ld-bac-kan", "Hà Công Bằng", BAC_KAN),
        _inspector("phong", "Hà Đình Phong", BAC_KAN),
        _contributor("then", "Nông Thị Then", THEN_CLUB),
    ),
    grassroots=(THEN_CLUB,),
    places={
        LANG_SON.unit: "TP. Lạng Sơn",
        TUYEN_QUANG.unit: "TP. Tuyên Quang",
        HA_GIANG.unit: "TP. Hà Giang",
        CAO_BANG.unit: "TP. Cao Bằng",
        BAC_KAN.unit: "TP. Bắc Kạn",
    },
    conferences=(Conference("yearend", "2025-01-17"),),
)

_THEME_NEXT = ("Thực hiện giao ước thi đua năm 2025", "Carrying out the pact of 2025")

CLUSTER_1_NEXT = replace(
    CLUSTER_1,
    year=NEXT_YEAR,
    theme_vi=_THEME_NEXT[0],
    theme_en=_THEME_NEXT[1],
    leader=HUNG_YEN.unit,
    deputy=HA_NOI.unit,
    signed=None,
    conferences=(),
    awards=(),
)
"""Opened with its new leaders, and nothing scored yet."""

CLUSTER_4_NEXT = replace(
    CLUSTER_4,
    year=NEXT_YEAR,
    theme_vi=_THEME_NEXT[0],
    theme_en=_THEME_NEXT[1],
    leader=TUYEN_QUANG.unit,
    deputy=CAO_BANG.unit,
    signed="2025-01-17",
    scheme="scheme:cum-1000:2",
    conferences=(Conference("launch", "2025-01-17"),),
)

HAI_PHONG = _department("hai-phong", "Hải Phòng")
NINH_BINH = _department("ninh-binh", "Ninh Bình")
THAI_NGUYEN = _department("thai-nguyen", "Thái Nguyên")
SUCCESSORS = (HAI_PHONG, NINH_BINH, THAI_NGUYEN)

MERGED_ON = "2025-07-01"
MERGED_BY = "202/2025/QH15"
MERGERS = (
    (HA_GIANG, TUYEN_QUANG),
    (BAC_KAN, THAI_NGUYEN),
    (HAI_DUONG, HAI_PHONG),
    (HA_NAM, NINH_BINH),
)
"""Old unit and successor, of those that take part here."""


def _agency(unit: str, vi: str, en: str, short_vi: str, short_en: str) -> Unit:
    return Unit(unit, vi, en, short_vi, short_en, (), "agency")


GENERAL = _agency(
    "don-vi-tong-hop", "Đơn vị tham mưu tổng hợp", "General affairs agency", "Tổng hợp", "General affairs"
)
LEGAL = _agency("don-vi-phap-che", "Đơn vị tham mưu pháp chế", "Legal affairs agency", "Pháp chế", "Legal affairs")
FINANCE = _agency("don-vi-tai-chinh", "Đơn vị tham mưu kế hoạch, tài chính", "Planning and finance agency",
                  "Kế hoạch, tài chính", "Planning, finance")  # fmt: skip
TRAINING = _agency("don-vi-dao-tao", "Đơn vị tham mưu đào tạo", "Training agency", "Đào tạo", "Training")

BLOCK = Cluster(
    group="khoi-tham-muu",
    vi="Khối thi đua tham mưu",
    en="Emulation block of advisory agencies",
    theme_vi="Kỷ cương, trách nhiệm, đúng hạn",
    theme_en="Discipline, responsibility, in time",
    units=(GENERAL, LEGAL, FINANCE, TRAINING),
    leader=LEGAL.unit,
    deputy=FINANCE.unit,
    signed="2025-02-20",
    people=(
        _agent("trang", "Lưu Thu Trang", LEGAL, also=("khối trưởng", "block leader")),
        _head("ld-phap-che", "Quách Văn Ninh", LEGAL),
        _agent("hung", "Tạ Mạnh Hùng", FINANCE, also=("khối phó", "deputy leader")),
        _head("ld-tai-chinh", "Cao Thị Bích", FINANCE),
        _agent("binh", "Dương Hòa Bình", GENERAL),
        _head("ld-tong-hop", "Mạc Thế Vinh", GENERAL),
        _agent("linh", "Kiều Ngọc Linh", TRAINING),
        _head("ld-dao-tao", "Tô Anh Dũng", TRAINING),
    ),
    places={unit.unit: "Trụ sở Bộ" for unit in (GENERAL, LEGAL, FINANCE, TRAINING)},
    year=NEXT_YEAR,
    kind="block",
    scheme="scheme:khoi-100:1",
    conferences=(Conference("launch", "2025-02-20", "Trụ sở Bộ"),),
    flags=(Flag(GENERAL.unit, "complaint", "2025-09-15"),),
)

CLUSTERS = (CLUSTER_1, CLUSTER_4)
"""Of 2024: from the pact to the frozen ranking."""

NEXT = (CLUSTER_1_NEXT, CLUSTER_4_NEXT, BLOCK)
"""Of 2025, under way."""

GROUP_YEARS = (*CLUSTERS, *NEXT)


def everybody() -> tuple[Person, ...]:
    """Each once, whatever years they take part in."""
    return tuple({person.login: person for cluster in GROUP_YEARS for person in cluster.people}.values())


def next_scheme(shipped: Mapping[str, Any]) -> dict[str, Any]:
    """The clusters' scheme of 2025, its second version: timely praise is counted, no longer judged."""
    sections = [
        {
            **section,
            "criteria": [
                {**it, "kind": "per_occurrence", "points_each": "2", "step": None} if it["id"] == "iii-4" else it
                for it in section["criteria"]
            ],
        }
        for section in shipped["sections"]
    ]
    return {**shipped, "_id": "scheme:cum-1000:2", "version": 2, "sections": sections}


MINISTRY = Unit(
    "vu-to-chuc-can-bo",
    "Vụ Tổ chức cán bộ, Bộ Văn hóa, Thể thao và Du lịch",
    "Department of Personnel and Organisation, Ministry of Culture, Sports and Tourism",
    "Vụ TCCB",
    "Personnel department",
    (),
    "agency",
)
COUNCIL = Person(
    "thuong-truc",
    "Phan Đình Trực",
    MINISTRY.unit,
    ("council",),
    ("Thường trực Hội đồng TĐKT", "Standing council"),
)

ADMIN = Person(
    "quan-tri",
    "Cao Thị Trị",
    MINISTRY.unit,
    ("admin",),
    ("Quản trị", "Administrator"),
)


@dataclass(frozen=True)
class Movement:
    movement: str
    vi: str
    en: str
    issuer: str


MOVEMENTS = (
    Movement(
        "doi-song-van-hoa",
        "Toàn dân đoàn kết xây dựng đời sống văn hóa",
        "All people unite to build a cultured life",
        "Ban Thường trực Ủy ban Trung ương MTTQ Việt Nam",
    ),
    Movement(
        "ren-luyen-than-the",
        "Toàn dân rèn luyện thân thể theo gương Bác Hồ vĩ đại",
        "All people exercise following the example of great Uncle Hồ",
        "Bộ Văn hóa, Thể thao và Du lịch",
    ),
    Movement(
        "nong-thon-moi",
        "Cả nước chung sức xây dựng nông thôn mới",
        "The whole country joins hands to build new countryside",
        "Thủ tướng Chính phủ",
    ),
    Movement(
        "vi-nguoi-ngheo",
        "Cả nước chung tay vì người nghèo – Không để ai bị bỏ lại phía sau",
        "The whole country for the poor – leave no one behind",
        "Thủ tướng Chính phủ",
    ),
)
