"""A board of fixed answers: every state a page must be able to draw, at once. What it says is invented.

Pages are shown to be right against the real service elsewhere; this one holds what a real year seldom has in one place.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

from PIL import Image, ImageDraw

from schemas.explaining import Line
from schemas.problem import Reason
from schemas.standings import Standings
from server.accounts import Account, Device, Enrolment
from server.board.models.answer import AnswerTrace
from server.board.models.comparison import AgreementFigure, Comparison, TeamFigure
from server.board.models.decisions import DecisionEntry, DecisionsPage
from server.board.models.evidence import EvidenceCard, EvidencePage, Photo
from server.board.models.head import Coverage, GroupCard, GroupHead, MenuEntry
from server.board.models.refs import PersonRef, UnitRef
from server.board.models.said import Said
from server.board.models.sheet import CriterionRow, CrossCell, SheetSection, UnitSheet, ValueCell
from server.board.models.standings import AwardFigure, Explained, SectionFigure, StandingRow, StandingsPage
from server.board.models.tasks import Task
from server.board.models.trace import ActOffer, CriterionTrace, ReplyEntry
from server.board.models.visits import ProposedVisit, TeamMember, VisitCard, VisitPlan, VisitsPage
from server.problems import Missing, NotSignedIn, Refused
from server.sightings import Sightings
from sync.database import Attachment

GROUP, YEAR = "cum-1", 2024
NOW = datetime(2024, 10, 8, 7, 2, tzinfo=UTC)
AT = "2024-10-08T07:02:00Z"


def unit(name: str, vi: str, short: str, en: str) -> UnitRef:
    return UnitRef(
        name, {"vi": vi, "en": f"Department of Culture, Sports and Tourism of {en}"}, {"vi": short, "en": en}
    )


UNITS = {
    each.unit: each
    for each in (
        unit("ha-noi", "Sở Văn hóa và Thể thao Hà Nội", "Sở VHTT Hà Nội", "Hà Nội"),
        unit("hung-yen", "Sở Văn hóa, Thể thao và Du lịch Hưng Yên", "Sở VHTTDL Hưng Yên", "Hưng Yên"),
        unit("hai-duong", "Sở Văn hóa, Thể thao và Du lịch Hải Dương", "Sở VHTTDL Hải Dương", "Hải Dương"),
        unit("ha-nam", "Sở Văn hóa, Thể thao và Du lịch Hà Nam", "Sở VHTTDL Hà Nam", "Hà Nam"),
        unit("bac-ninh", "Sở Văn hóa, Thể thao và Du lịch Bắc Ninh", "Sở VHTTDL Bắc Ninh", "Bắc Ninh"),
    )
}
PEOPLE = {
    "lan": Account("01lan", "lan", "p1", "Nguyễn Thị Lan", "hai-duong", ("specialist",), "vi", True),
    "minh": Account("01minh", "minh", "p2", "Trần Quang Minh", "hung-yen", ("inspector",), "vi", True),
    "quan": Account("01quan", "quan", "p3", "Lê Hồng Quân", "ha-noi", ("inspector",), "vi", True),
    "an": Account("01an", "an", "p5", "Đỗ Thúy An", "hai-duong", ("admin",), "vi", True),
    "xa": Account("01xa", "xa", "p4", "Người Ngoài", "khac", ("specialist",), "vi", True),
}
PASSWORD = "mật khẩu thử"

SECTIONS = (
    (
        "i",
        "Thực hiện nhiệm vụ chính trị, chuyên môn",
        "Political and professional tasks",
        600,
        (
            ("i-1", "Văn hóa và di sản", "Culture and heritage", 160, "judged"),
            ("i-2", "Công tác gia đình", "Family", 60, "judged"),
            ("i-3", "Thể dục, thể thao", "Sports", 140, "quantitative"),
            ("i-4", "Du lịch", "Tourism", 140, "judged"),
            (
                "i-5",
                "Cải cách hành chính, chuyển đổi số",
                "Administrative reform and digital transformation",
                100,
                "judged",
            ),
        ),
    ),
    (
        "ii",
        "Thực hiện chủ trương của Đảng, xây dựng Đảng và đoàn thể",
        "Party guidelines and unions",
        200,
        (
            ("ii-1", "Quán triệt chủ trương, nghị quyết", "Guidelines", 100, "judged"),
            ("ii-2", "Xây dựng Đảng và đoàn thể", "Building the Party and unions", 100, "pass_fail"),
        ),
    ),
    (
        "iii",
        "Công tác thi đua, khen thưởng và hoạt động cụm",
        "Emulation, reward and group activity",
        200,
        (
            ("iii-1", "Kế hoạch và giao ước thi đua", "Plan and pact", 100, "judged"),
            (
                "iii-2",
                "Khen thưởng kịp thời, ưu tiên người trực tiếp",
                "Timely praise, direct workers first",
                100,
                "judged",
            ),
        ),
    ),
)
STATES = ("counted", "counted", "counted", "na", "counted", "counted", "missing", "returned", "contested")
SHARES = {"ha-noi": 97, "hung-yen": 94, "hai-duong": 91, "ha-nam": 63, "bac-ninh": 84}
COVERAGE = Coverage(18, 20, 5, 5, 412, 430, 2, AT)


def ref(login: str) -> PersonRef:
    person = PEOPLE[login]
    return PersonRef(person.account, person.name, person.unit)


def names(vi: str, en: str) -> dict[str, str]:
    return {"vi": vi, "en": en}


def sha(text: str) -> str:
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()


@dataclass
class SampleBoard:
    """Five units: two ranked apart, two tied, one without a number."""

    sample: bool = True
    empty: bool = False
    weights: dict[str, str] | None = None

    def today(self) -> Any:
        return NOW.date()

    def view(self, who: Account, group: str, year: int) -> Any:
        """What pages ask for names."""
        self.head(who)
        scheme = {
            "weights": self.weights,
            "sections": [
                {"criteria": [{"id": key, "names": names(vi, en)} for key, vi, en, _, _ in criteria]}
                for _, _, _, _, criteria in SECTIONS
            ],
            "bonus": {
                "items": [
                    {
                        "id": "bonus-model",
                        "names": names("Mô hình được nhân rộng", "Practice replicated"),
                        "points": "10",
                    }
                ]
            },
            "penalty": {"items": []},
        }
        return SimpleNamespace(
            group=GROUP,
            year=YEAR,
            visits={},
            documents={"scheme:cum-1000:1": {"names": names("Cụm 1000", "Cluster 1000"), "version": 1}},
            record=SimpleNamespace(scheme_id="scheme:cum-1000:1", scheme=None, events=()),
            folded=SimpleNamespace(contested={}),
            citations={self.card(n).cited: [({"unit": "ha-noi"}, "i-1")] for n in range(11)},
            all=lambda kind: [],
            standings=lambda day: SimpleNamespace(rows=(), row=lambda unit: None),
            text=lambda part: part,
            scheme=scheme,
            member_units=tuple(UNITS),
            unit=lambda name: UNITS.get(name) or UnitRef(name, {}, {}),
        )

    def head(self, who: Account, view: Any = None) -> GroupHead:
        if who.unit not in UNITS:
            raise Refused("no-group-year")
        roles = ("leader",) if who.unit == "hai-duong" else ("deputy",) if who.unit == "hung-yen" else ("member",)
        theme = names(
            "Đoàn kết, sáng tạo, phát huy vai trò của văn hóa, thể thao và du lịch "
            "là động lực phát triển bền vững đất nước",
            "Solidarity, creativity, and culture, sports and tourism as the driving force of sustainable development",
        )
        return GroupHead(
            GROUP,
            YEAR,
            "cluster",
            names("Cụm 1", "Cluster 1"),
            theme,
            self.sample,
            roles,
            UNITS["hai-duong"],
            UNITS["hung-yen"],
        )

    def menu(self, who: Account) -> tuple[MenuEntry, ...]:
        return tuple(MenuEntry(it.head.group, it.head.year, it.head.names) for it in self.groups(who))

    def groups(self, who: Account) -> tuple[GroupCard, ...]:
        if self.empty or who.unit not in UNITS:
            return ()
        return (GroupCard(self.head(who), 5, COVERAGE, 4),)

    def _sections(self, name: str, state: str = "number") -> tuple[SectionFigure, ...]:
        share = Fraction(SHARES[name], 100)
        return tuple(
            SectionFigure(
                key, names(vi, en), Fraction(most), None if bad else most * share, "undecided" if bad else state
            )
            for key, vi, en, most, _ in SECTIONS
            for bad in [name == "bac-ninh" and key == "i"]
        )

    def row(self, name: str) -> StandingRow:
        place = {"ha-noi": 1, "hung-yen": 2, "hai-duong": 2, "ha-nam": 4, "bac-ninh": None}[name]
        sections = self._sections(name)
        base = None if place is None else sum((section.points or 0 for section in sections), Fraction(0))
        bonus, penalty = (Fraction(30), Fraction(10)) if name == "ha-noi" else (Fraction(0), Fraction(0))
        awards = (AwardFigure("flag", names("Cờ thi đua", "Emulation flag"), place == 1, ()),)
        return StandingRow(
            place,
            UNITS[name],
            place is not None,
            sections,
            base,
            bonus,
            penalty,
            None if base is None else base + bonus - penalty,
            awards,
            () if place else (Said("pact-unsigned"),),
            16 if place else 12,
            16,
            4 if place else 3,
            4,
        )

    def standings(self, who: Account, group: str, year: int, as_of: Any = None) -> StandingsPage:
        head = self.head(who)
        if (group, year) != (GROUP, YEAR):
            raise Missing("no-group-year")
        rows = () if self.empty else tuple(self.row(name) for name in UNITS)
        columns = tuple(SectionFigure(k, names(vi, en), Fraction(most), None, "") for k, vi, en, most, _ in SECTIONS)
        return StandingsPage(head, COVERAGE, True, rows, columns, Fraction(1000), (), ("decision:7:" + "a" * 16,), {})

    def tasks(self, who: Account, group: str, year: int) -> tuple[Task, ...]:
        if self.empty:
            return ()
        return (
            Task(
                "overdue_return",
                UNITS["bac-ninh"],
                "iii-1",
                "",
                Said("return-overdue", {"due": "04/10/2024"}),
                "2024-10-04",
            ),
            Task("contested", UNITS["ha-nam"], "i-2", "", Said("checklist-contested"), None),
            Task("unsigned_pact", UNITS["bac-ninh"], None, "", Said("pact-unsigned"), None),
            Task("waiting", UNITS["hung-yen"], None, "", Said("waiting-for", {"count": 3}), None),
        )

    def criterion_row(self, name: str, criterion: str) -> CriterionRow:
        index = 0
        for _, _, _, _, criteria in SECTIONS:
            for key, vi, en, most, kind in criteria:
                if key == criterion:
                    return self._criterion_row(name, index, key, vi, en, Fraction(most), kind)
                index += 1
        raise Missing("no-criterion")

    def _criterion_row(
        self, name: str, index: int, key: str, vi: str, en: str, most: Fraction, kind: str
    ) -> CriterionRow:
        state = STATES[index]
        mine = most * SHARES[name] / 100
        raw = {"judged": None, "quantitative": "12", "pass_fail": "true"}[kind]
        na, missing = state == "na", state == "missing"
        own = ValueCell(None if na else mine + 5, "na" if na else raw, ("s0",))
        cross = (
            ()
            if na or missing
            else (
                CrossCell("v1", "s1", mine - 20, raw, index == 0),
                CrossCell("v2", "s2", mine, raw, False),
            )
        )
        merged = None if na or missing else ValueCell(mine - 10, raw, ("s1", "s2"))
        cluster = ValueCell(mine - 10, raw, ("s1", "s2")) if index in (0, 2) else None
        value = mine - 10 if state == "counted" else None
        stage = None if value is None else "cluster" if cluster else "cross"
        return CriterionRow(
            key,
            names(vi, en),
            most,
            kind,
            None if missing else own,
            cross,
            merged,
            cluster,
            value,
            stage,
            state,
            3 - index % 3,
            index % 2,
        )

    def sheet(self, who: Account, group: str, year: int, unit: str) -> UnitSheet:
        head = self.head(who)
        if unit not in UNITS:
            raise Missing("no-unit")
        figures = {figure.section: figure for figure in self._sections(unit)}
        sections = tuple(
            SheetSection(figures[key], tuple(self.criterion_row(unit, each[0]) for each in criteria))
            for key, _, _, _, criteria in SECTIONS
        )
        return UnitSheet(head, UNITS[unit], self.row(unit), sections, COVERAGE, who.unit == unit)

    def card(self, n: int) -> EvidenceCard:
        titles = (
            "Liên hoan hát chèo các câu lạc bộ cơ sở lần thứ XII",
            "Giải bóng chuyền hơi người cao tuổi phường Hiến Nam",
            "Ra mắt tủ sách cộng đồng tại nhà văn hóa thôn",
            "Lễ hội đền Mây: dòng người rước kiệu qua cầu",
        )
        states = ("verified", "verified", "arriving", "withheld")
        photos = tuple(
            Photo(
                sha(f"photo {n} {k}"), states[(n + k) % 4] if k else states[n % 4], 1600, 1200, "2024-09-15T02:10:00Z"
            )  # type: ignore[arg-type]
            for k in range(1 + n % 3)
        )
        owner = list(UNITS.values())[n % 5]
        withheld = n % 4 == 3
        return EvidenceCard(
            f"cited:{sha(f'cited {n}')}",
            f"evidence:{owner.unit}:{n}",
            owner,
            None if withheld else titles[n % 4],
            None if withheld else "Khoảng 320 người dự, 14 câu lạc bộ của 9 xã, phường.",
            None
            if withheld
            else {"name": "Nhà văn hóa phường Hiến Nam", "lat": "20.6547", "lon": "106.0573", "accuracy_m": "12"},
            names("Toàn dân đoàn kết xây dựng đời sống văn hóa", "All people unite to build a cultured life"),
            ("i-1",),
            (owner.unit,),
            photos,
            n % 2 == 0,
            True,
            ref("minh"),
            "2024-09-15T02:14:05Z",
            3,
        )

    def trace(self, who: Account, group: str, year: int, unit: str, criterion: str) -> CriterionTrace:
        sheet = self.sheet(who, group, year, unit)
        row = self.criterion_row(unit, criterion)
        section = next(s.figure for s in sheet.sections if any(r.criterion == criterion for r in s.criteria))
        answers = []
        if row.self:
            answers.append(self._answer("self", None, row.self.points, row, "counted", "lan", ()))
        for n, cell in enumerate(row.cross):
            answers.append(
                self._answer(
                    "cross",
                    cell.visit,
                    cell.points,
                    row,
                    "counted",
                    ("minh", "quan")[n % 2],
                    ("late",) * n,
                    cell.discrepant,
                )
            )
        decisions = tuple(
            e for e in self._decisions() if e.value.get("unit") == unit and e.value.get("criterion") == criterion
        )
        leading = "leader" in sheet.head.my_roles or "deputy" in sheet.head.my_roles
        own = who.unit == unit
        refusal = Said("no-criterion")
        acts = ("accept", "return", "adjust", "approve-na")
        offers = tuple(ActOffer(act, leading and not own, None if leading and not own else refusal) for act in acts)
        replies = (
            (
                ReplyEntry(
                    "r1", "s1", "Số liệu lễ hội đã bổ sung ở phiếu mới, kèm biên bản của phường.", ref("quan"), AT
                ),
            )
            if row.state == "returned"
            else ()
        )
        return CriterionTrace(sheet.head, UNITS[unit], section, row, tuple(answers), decisions, replies, offers)

    def _answer(
        self,
        stage: str,
        visit: str | None,
        points: Any,
        row: CriterionRow,
        state: str,
        who: str,
        flags: Any,
        discrepant: bool = False,
    ) -> AnswerTrace:
        kind = {"judged": "points", "quantitative": "actual", "pass_fail": "passed"}[row.kind]
        if row.state == "na":
            kind = "na"
        raw = (
            {"points": str(points), "actual": "12", "passed": "true", "na": "true"}[kind]
            if points is not None or kind == "na"
            else "0"
        )
        raw = raw if "/" not in raw else str(float(points))
        submission = f"submission:cum-1:x:{stage}:{visit or 'z'}"
        return AnswerTrace(
            submission,
            sha(submission),
            stage,
            visit,
            state,
            kind,
            raw,
            points,
            "Đối chiếu 3 báo cáo tháng và sổ theo dõi của 9 xã; thiếu số liệu tháng 8." if stage == "cross" else None,
            (self.card(0), self.card(1)) if stage == "cross" else (),
            ref(who),
            ref(who),
            ref("lan") if stage == "self" else None,
            "2024-10-01T02:14:05Z",
            "2024-10-01T09:40:00Z",
            flags,
            discrepant,
        )

    def explain(self, who: Account, group: str, year: int, unit: str, criterion: str | None = None) -> Explained:
        nothing = Standings(group, year, None, date(2024, 12, 20), None, (), (), (), sample=True)
        lines = self._total_lines(unit) if criterion is None else self._lines(self.criterion_row(unit, criterion))
        return Explained(self.head(who), UNITS[unit], criterion, nothing, tuple(lines))

    def _lines(self, row: CriterionRow) -> Iterator[Line]:
        """The figures of the row beside it, added up."""
        head = {"criterion": row.criterion.upper().replace("-", "."), "max": row.max}
        if row.value is None:
            yield Line(0, Reason("explain-no-points", head))
        else:
            yield Line(0, Reason("explain-points", {**head, "points": row.value}), row.value, "4")
        given = [(cell, cell.points) for cell in row.cross if cell.points is not None]
        if row.kind != "judged":
            return
        for cell, points in given:
            yield Line(1, Reason("explain-cross", {"given": points}), points, "5.2", (cell.submission,))
        if given and row.cross_merged is not None:
            terms, mean = tuple(points for _cell, points in given), row.cross_merged.points
            yield Line(1, Reason("explain-mean", {"terms": terms, "count": len(terms), "value": mean}), mean, "5.2")

    def _total_lines(self, unit: str) -> Iterator[Line]:
        row = self.row(unit)
        if row.base is None or row.total is None:
            yield Line(0, Reason("explain-total-none", {"unit": UNITS[unit].short_names["vi"]}), None, "5.8")
            return
        told = {"unit": UNITS[unit].short_names["vi"], "total": row.total}
        yield Line(0, Reason("explain-total", told), row.total, "5.6")
        terms = tuple(section.points for section in row.sections if section.points is not None)
        yield Line(1, Reason("explain-base", {"terms": terms, "base": row.base}), row.base, "5.5")
        sides = {"base": row.base, "bonus": row.bonus, "penalty": row.penalty, "total": row.total}
        yield Line(1, Reason("explain-sum", sides), row.total, "5.6")

    def visit_plan(self, who: Account, group: str, year: int, *, teams_per_unit: int = 1) -> VisitPlan:
        visits = (
            ProposedVisit(1, UNITS["ha-noi"], UNITS["bac-ninh"]),
            ProposedVisit(1, UNITS["hung-yen"], UNITS["ha-nam"]),
            ProposedVisit(2, UNITS["ha-nam"], UNITS["ha-noi"]),
        )
        said = (Said("plan-not-itself"), Said("plan-loads-same", {"least": 1, "most": 1}), Said("plan-no-mutual"))
        return VisitPlan(self.head(who), teams_per_unit, 4, () if self.empty else visits, said)

    def comparison(self, who: Account, group: str, year: int) -> Comparison:
        if self.empty:
            return Comparison(self.head(who), 0, (), (), (Said("leniency-few", {"visits": 0, "least": 5}),))
        teams = (
            TeamFigure((UNITS["ha-noi"],), 2, 12, Fraction(-3, 100), apart=False),
            TeamFigure((UNITS["hung-yen"], UNITS["ha-nam"]), 3, 30, Fraction(8, 100), apart=True),
            TeamFigure((UNITS["bac-ninh"],), 1, 0, None, apart=False),
        )
        apart = (AgreementFigure("i-1", names("Văn hóa và di sản", "Culture and heritage"), 4, 3, Fraction(3, 40)),)
        return Comparison(self.head(who), 6, teams, apart, (Said("leniency-caution"),))

    def visits(self, who: Account, group: str, year: int) -> VisitsPage:
        head = self.head(who)
        states = ("submitted", "submitted", "under_way", "planned", "cancelled")
        team = (TeamMember(ref("minh"), UNITS["hung-yen"]), TeamMember(ref("quan"), UNITS["ha-noi"]))
        cards = (
            ()
            if self.empty
            else tuple(
                VisitCard(
                    f"v{n}",
                    each,
                    team,
                    f"2024-10-0{n + 1}",
                    f"2024-10-0{n + 2}",
                    f"Hội trường {each.short_names['vi']}",
                    states[n],
                    16 - 4 * n,
                    16,
                    (),
                    AT if n < 3 else None,
                )  # type: ignore[arg-type]
                for n, each in enumerate(UNITS.values())
            )
        )
        return VisitsPage(head, cards, tuple(UNITS.values()), team, "leader" in head.my_roles)

    def evidence(
        self,
        who: Account,
        group: str,
        year: int,
        *,
        unit: Any = None,
        criterion: Any = None,
        skip: int = 0,
        limit: int = 60,
    ) -> EvidencePage:
        cards = [] if self.empty else [self.card(n) for n in range(11)]
        return EvidencePage(self.head(who), tuple(cards[skip : skip + limit]), len(cards))

    def evidence_card(self, who: Account, group: str, year: int, cited: str) -> EvidenceCard:
        return next(card for card in (self.card(n) for n in range(11)) if card.cited == f"cited:{cited}")

    def photo(self, who: Account, group: str, year: int, photo: str, *, thumb: bool) -> Any:
        self.head(who)
        seed = int(photo[:6], 16)
        image = Image.new(
            "RGB", (320, 240) if thumb else (1600, 1200), (seed % 120 + 60, seed // 7 % 120 + 60, seed // 49 % 120 + 60)
        )
        draw = ImageDraw.Draw(image)
        width, height = image.size
        draw.rectangle((0, height * 0.62, width, height), fill=(70, 84, 60))
        draw.ellipse((width * 0.7, height * 0.1, width * 0.85, height * 0.3), fill=(250, 220, 150))
        out = io.BytesIO()
        image.save(out, "JPEG")
        return Attachment("image/jpeg", len(out.getvalue()), "", 1, iter([out.getvalue()]))

    def _decisions(self) -> tuple[DecisionEntry, ...]:
        told = (
            ("lock-scheme", "scheme", {"scheme": "scheme:cum-1000:1"}, None),
            (
                "plan-visit",
                "visit:v1",
                {
                    "visit": "v1",
                    "inspected": "ha-noi",
                    "from": "2024-10-01",
                    "to": "2024-10-02",
                    "team": [],
                    "place": "x",
                },
                None,
            ),
            ("accept", "criterion:ha-noi:i-1", {"unit": "ha-noi", "criterion": "i-1"}, None),
            (
                "adjust",
                "criterion:ha-noi:i-3",
                {"unit": "ha-noi", "criterion": "i-3", "answer": {"actual": "12"}},
                "Số liệu của Cục Thể dục thể thao công bố ngày 30/9 là 12 giải.",
            ),
            (
                "return",
                "criterion:bac-ninh:iii-1",
                {
                    "unit": "bac-ninh",
                    "criterion": "iii-1",
                    "submission": "submission:cum-1:bac-ninh:self:01j9ad70000000000000000001",
                    "deadline": "2024-10-04",
                },
                "Giao ước chưa có chữ ký của lãnh đạo đơn vị; đề nghị bổ sung bản ký.",
            ),
            (
                "approve-na",
                "na:ha-noi:i-4",
                {"unit": "ha-noi", "criterion": "i-4"},
                "Du lịch do Sở Du lịch Hà Nội phụ trách.",
            ),
            (
                "count-claim",
                "claim:ha-noi:model:1",
                {"unit": "ha-noi", "item": "bonus-model", "key": "1", "occurrences": "1", "number": "1234/QĐ-UBND"},
                "Mô hình được ba huyện khác áp dụng.",
            ),
        )
        entries = []
        for n, (act, subject, value, reason) in enumerate(told, start=1):
            entries.append(
                DecisionEntry(
                    f"decision:{n}:{sha(str(n))[:16]}",
                    n,
                    act,
                    subject,
                    value,
                    reason,
                    ref("lan"),
                    UNITS["hai-duong"],
                    "leader",
                    f"2024-10-0{n}T03:00:00Z",
                    ("s1",) if act == "accept" else (),
                    (f"decision:{n - 1}:{sha(str(n - 1))[:16]}",) if n > 1 else (),
                    (),
                    n == 5,
                    n != 3,
                )
            )
        return tuple(entries)

    def decisions(self, who: Account, group: str, year: int) -> DecisionsPage:
        entries = () if self.empty else self._decisions()
        return DecisionsPage(self.head(who), entries, (entries[-1].decision,) if entries else ())


class SampleAccounts:
    def sign_in(self, login: str, password: str) -> Account:
        if login not in PEOPLE or password != PASSWORD:
            raise NotSignedIn("sign-in-refused")
        return PEOPLE[login]

    def find(self, account: str) -> Account | None:
        return next((each for each in PEOPLE.values() if each.account == account), None)

    def all(self) -> list[Account]:
        return list(PEOPLE.values())

    def devices(self, account: str) -> list[Device]:
        return [
            Device("01j9z0d1e2v3i4c5e6x7y8z9ab", account, "Samsung Galaxy A14 của Lan", AT, "active", None),
            Device("01j9z0d1e2v3i4c5e6x7y8z9ac", account, "Máy cũ", AT, "lost", AT),
        ]

    def new_code(self, account: str) -> Enrolment:
        return Enrolment("7K3M-Q9TX", account, "2024-10-09T07:02:00Z")

    def set_device_state(self, account: str, device: str, state: str) -> Device:
        return replace(self.devices(account)[0], state=state)


@dataclass
class SampleActs:
    written: list[tuple[Any, ...]]

    def offers(self, who: Account, view: Any, acts: Any, value: Any) -> tuple[ActOffer, ...]:
        allowed = who.unit == "hai-duong" and value.get("unit") != who.unit
        return tuple(ActOffer(act, allowed, None if allowed else Said("no-unit")) for act in acts)

    def act(
        self,
        who: Account,
        group: str,
        year: int,
        act: str,
        value: Any,
        *,
        reason: Any = None,
        inputs: Any = (),
        settles: Any = (),
    ) -> None:
        self.written.append((who.account, act, value, reason, inputs, settles))


def sample_service(**options: Any) -> Any:
    return SimpleNamespace(
        board=SampleBoard(**options),
        accounts=SampleAccounts(),
        acts=SampleActs([]),
        sightings=Sightings(),
        now=lambda: NOW,
    )
