"""Who takes part in the demonstration: real units, offices and movements; invented people, each with a sign-in.

Sources: the clusters' membership, leaders, themes and conferences of 2024 were published by the Ministry and by the
provinces (DOMAIN §7). People's names are invented. It must never hold a score: those are made in `scores`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

YEAR = 2024

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
class Cluster:
    group: str
    vi: str
    en: str
    theme_vi: str
    theme_en: str
    units: tuple[Unit, ...]
    leader: str
    deputy: str
    signed: str
    people: tuple[Person, ...]
    grassroots: tuple[Unit, ...] = ()
    places: dict[str, str] = field(default_factory=dict)

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
)

CLUSTERS = (CLUSTER_1, CLUSTER_4)

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
