"""What was planted in a synthetic world, as tables to show beside what was found. No measure reads it."""

import json
from pathlib import Path

from analysis.errors import MissingData, unknown

SECTIONS = ("effects", "patterns", "trajectories")


def planted(location: str | Path, section: str):
    """One section of the `truth.json` of a dataset folder, as a DataFrame; MissingData where nobody knows the truth.

    Effects: family, parameter, estimand, `planted`, `realised` with its Monte-Carlo error, and `naive`, what a
    comparison finds that does not know how the world is made. `set`, `found` and `instead` are these for reading.
    """
    import pandas as pd

    if section not in SECTIONS:
        raise unknown("section of the planted truth", section, SECTIONS)
    path = Path(location) / "truth.json"
    if not path.is_file():
        raise MissingData("Nothing is planted in this dataset: its truth is what the study asks for.")
    frame = pd.DataFrame(json.loads(path.read_text("utf-8"))[section])
    if section == "effects":
        frame["found"] = [_with_error(value, error) for value, error in
                          zip(frame["realised"], frame["mc_error"], strict=True)]
        frame["instead"] = [_text(value) for value in frame["naive"]]
        frame["set"] = ["0 (null)" if null else _text(value) for value, null in
                        zip(frame["planted"], frame["null"], strict=True)]
    if section == "patterns":
        frame["innocent"] = [", ".join(names) for names in frame["innocent"]]
    return frame


def _text(value) -> str:
    return "–" if value is None or value != value else f"{value:.3f}".replace("-", "−")


def _with_error(value, error) -> str:
    return _text(value) if error is None or error != error else f"{_text(value)} ± {_text(error)}"
