"""`smartbook policy`: levers by name, their parameters, and one sentence for each mistake."""

from dataclasses import fields

import pytest
from typer.testing import CliRunner

from analysis import criteria
from analysis.cli import app
from analysis.errors import StudyError
from analysis.policy.client_cap import ClientCap
from analysis.policy.fees import Fees
from analysis.policy.levers import LEVERS, about, lever, listed, scenario, settings
from analysis.policy.parameters import elasticities, given, parameters


def run(*words):
    return CliRunner().invoke(app, ["policy", *words])


def test_every_lever_is_registered_with_a_range_and_a_reason():
    assert set(LEVERS) == {name.replace("_", "-") for name in criteria.read()["policy"] if name != "elasticities"}
    for x in LEVERS.values():
        for p in parameters(x.rule).values():
            assert p.what and p.why, p.name
            assert p.value in p.choices if p.choices else p.low <= p.value <= p.high, p.name
            assert all(p.low <= value <= p.high and value != p.value for value in p.tried), p.name
        assert sum(bool(p.tried) for p in parameters(x.rule).values()) == 1
        assert given(x.rule) == x.rule(**{f.name: parameters(x.rule)[f.name].value for f in fields(x.rule)})
    assert [row["id"] for row in about().to_dict("records")] == [f"P-{n}" for n in range(1, 9)]
    assert set(settings()["lever"]) == set(LEVERS)
    assert elasticities() == (0.0, -0.5, -1.0, -2.0)


def test_a_scenario_changes_what_is_asked_and_nothing_else():
    changed = scenario("client-cap", {"cap": "0.6"})
    assert changed == ClientCap(0.6, given(ClientCap).days)
    assert isinstance(scenario("client-cap", {"days": "30"}).days, int)
    assert scenario("fees", {"schedule": "client size"}).schedule == "client size"


@pytest.mark.parametrize(("rule", "changes", "said"), [
    (ClientCap, {"capp": 0.6}, "There is no parameter of client-cap 'capp'; did you mean 'cap'?"),
    (ClientCap, {"cap": 2}, "Parameter 'cap' must be 0.5 to 0.95 of pay from clients, not 2."),
    (ClientCap, {"cap": float("nan")}, "Parameter 'cap' must be a number, not nan."),
    (ClientCap, {"cap": "most"}, "Parameter 'cap' must be a number, not 'most'."),
    (ClientCap, {"days": "2.5"}, "Parameter 'days' must be a whole number, not '2.5'."),
    (ClientCap, {"days": 20.5}, "Parameter 'days' must be a whole number, not 20.5."),
    (Fees, {"schedule": "progresive"}, "There is no choice of 'schedule' 'progresive'; did you mean 'progressive'?"),
])
def test_a_mistake_is_told_in_one_sentence(rule, changes, said):
    with pytest.raises(StudyError) as error:
        given(rule, **changes)
    assert str(error.value) == said


def test_an_unknown_lever_or_group_names_the_nearest():
    with pytest.raises(StudyError, match="There is no lever 'smoothin'; did you mean 'smoothing'"):
        lever("smoothin")
    result = run("smoothing", "--by", "decil")
    assert isinstance(result.exception, StudyError)
    assert str(result.exception) == "There is no group 'decil'; did you mean 'decile'?"


def test_the_list_shows_every_lever_and_parameter():
    told = listed()
    assert run("--list").output == run().output == told + "\n"
    for name, x in LEVERS.items():
        assert name in told
        assert all(f"{f.name}=" in told for f in fields(x.rule))


def test_a_scenario_is_printed_with_its_banner_and_its_parameters():
    result = run("client-cap", "--set", "cap=0.6", "--by", "decile")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[:2] == ["A cap on one client: cap=0.6, days=20", "SYNTHETIC DATA – no finding about Smart"]
    assert lines[2].split()[0] == "decile"
    assert lines[-1] == "A simulation, not a forecast."
    assert [line.split()[0] for line in lines[3:-1]] == [str(tenth) for tenth in range(2, 11)]     # 1 has no such year


def test_guarded_data_give_no_row_of_fewer_than_ten_people():
    result = run("client-cap", "--dataset", "synthetic-guarded", "--by", "profession", "--set", "cap=0.95")
    assert result.exit_code == 0
    rows = result.stdout.splitlines()[3:]
    hidden = [row for row in rows if "…" in row]
    assert hidden
    assert all(int(row.split()[1]) >= 10 for row in rows if "…" not in row and row.split()[1:2][0].isdigit())
