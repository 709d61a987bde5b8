"""A simulated person is the app without a screen: what it does arrives as what a person does."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from mobile import simulated
from mobile.drawing import draw
from tests.support.phones import GROUP, HOME, VILLAGE, VISIT, VISITED, YEAR, G, M, U, V


@pytest.fixture
def play(service, tmp_path, capsys):
    """Play a script in this process; answers (exit code, events)."""

    def run(*scripts):
        file = tmp_path / "scripts.json"
        file.write_text(json.dumps(list(scripts), ensure_ascii=False), encoding="utf-8")
        code = simulated.main(["--folder", str(tmp_path / "phones"), "--server", service.url, "--play", str(file)])
        return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return run


def script(service, who, *steps, **more):
    return {
        "name": who,
        "code": service.code(who),
        "seed": 7,
        "at": "2024-10-08T01:00:00Z",
        "steps": list(steps),
        **more,
    }


def documents(service, database, kind):
    rows = service.stores.open(database).all_docs(start_key=f"{kind}:", end_key=f"{kind}:~", include_docs=True)["rows"]
    return [row["doc"] for row in rows]


def test_a_specialist_fills_submits_and_the_server_holds_it(service, play):
    code, events = play(
        script(
            service,
            "lan",
            {"do": "sync"},
            {
                "do": "self",
                "group": GROUP,
                "year": YEAR,
                "answers": {"i-1": {"points": "55.5", "note": "Tốt"}, "i-2": "40", "i-3": None},
                "fill": "0.9",
                "evidence": [{"title": "Ngày hội", "criterion": "i-1", "photos": 2, "place": {"name": "Nhà văn hóa"}}],
                "claims": [
                    {"item": "bonus-prize", "subject": "Giải Nhất", "number": "12/QĐ", "evidence": ["Ngày hội"]}
                ],
            },
            {"do": "submit", "note": "Kính gửi"},
            {"do": "sync"},
        )
    )

    assert code == 0, events
    (submission,) = documents(service, U, "submission")
    assert submission["unit"] == HOME
    assert submission["answers"]["i-1"]["points"] == "55.5"
    assert submission["answers"]["i-2"]["points"] == "40"
    assert "i-3" not in submission["answers"]
    assert submission["made"]["at"].startswith("2024-10-08T01:")
    (claim,) = submission["claims"]
    assert claim["number"] == "12/QĐ"
    cited = {document["_id"] for document in documents(service, U, "cited")}
    assert claim["evidence"][0] in cited
    assert submission["answers"]["i-1"]["evidence"][0] in cited
    assert {event["event"] for event in events} >= {"enrolled", "captured", "answered", "submitted", "synced", "done"}


def test_an_inspector_finds_a_visit_by_its_id_or_by_the_unit_and_a_second_play_goes_on(service, play):
    code, events = play(
        script(service, "lan", {"do": "sync"}, {"do": "cross", "visit": VISIT, "fill": "0.8"}, {"do": "submit"}),
        {
            "name": "lan",
            "steps": [
                {"do": "cross", "unit": VISITED, "answers": {"i-1": "10"}},
                {"do": "submit", "visit": VISIT},
                {"do": "sync"},
            ],
        },
    )

    assert code == 0, events
    submissions = documents(service, V, "submission")
    first, second = sorted(submissions, key=lambda document: len(document["supersedes"]))
    assert second["supersedes"] == [first["_id"]]
    assert second["answers"]["i-1"]["points"] == "10"


def test_what_a_village_photographs_its_department_can_cite(service, play):
    code, events = play(
        script(
            service,
            "tu",
            {"do": "sync"},
            {"do": "capture", "group": GROUP, "year": YEAR, "title": "Đêm hội trăng rằm", "note": "200 em"},
            {"do": "sync"},
        ),
        script(
            service,
            "lan",
            {"do": "sync"},
            {
                "do": "self",
                "group": GROUP,
                "year": YEAR,
                "answers": {"i-3": "30"},
                "cite": [{"title": "Đêm hội trăng rằm", "criterion": "i-3"}],
            },
            {"do": "submit"},
            {"do": "sync"},
        ),
    )

    assert code == 0, events
    (evidence,) = documents(service, U, "evidence")
    assert evidence["unit"] == VILLAGE
    (cited,) = documents(service, U, "cited")
    assert cited["of"] == evidence["_id"]
    assert documents(service, M, "chunk")


def test_a_step_that_is_to_be_refused_and_is_goes_on_and_one_that_is_not_stops(service, play):
    code, events = play(
        script(
            service,
            "lan",
            {"do": "sync"},
            {"do": "self", "group": GROUP, "year": YEAR, "answers": {}},
            {"do": "submit", "expect": "refused"},
            {"do": "sync", "expect": "refused"},
        )
    )

    assert code == 1
    assert any(event["event"] == "refused" and event["sentence"] for event in events)
    assert "was to be refused" in events[-1]["sentence"]


def test_a_script_that_fails_says_where_and_those_after_it_are_played(service, play):
    code, events = play(
        script(service, "lan", {"do": "dance"}), script(service, "minh", {"do": "sync"}, {"do": "sync"})
    )

    assert code == 1
    assert {event["name"] for event in events if event["event"] == "failed"} == {"lan"}
    assert {event["name"] for event in events if event["event"] == "done"} == {"minh"}


def test_the_same_seed_invents_the_same_scores(service, play):
    step = {"do": "self", "group": GROUP, "year": YEAR, "fill": "0.9"}
    _, first = play(script(service, "lan", {"do": "sync"}, step))
    _, second = play({**script(service, "lan", {"do": "sync"}, step), "name": "lan-2"})

    def answered(events):
        return [(event["criterion"], event.get("points")) for event in events if event["event"] == "answered"]

    assert answered(first) == answered(second) != []


def test_the_command_prints_one_json_object_a_line(service, tmp_path):
    file = tmp_path / "lan.json"
    file.write_text(json.dumps({"steps": [{"do": "sync"}]}), encoding="utf-8")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "mobile.simulated", "--folder", str(tmp_path / "lan"), "--server", service.url),
            *("--code", service.code("lan"), "--script", str(file)),
        ],
        capture_output=True,
        check=False,
        text=True,
    )

    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["event"] for line in done.stdout.splitlines()] == ["enrolled", "synced", "step", "done"]
    assert service.stores.open(G).info()["doc_count"] > 0


def test_one_title_gives_one_drawing():
    assert draw("Lễ hội", "1") == draw("Lễ hội", "1") != draw("Lễ hội", "2")
