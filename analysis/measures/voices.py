"""Voices and votes: the corpus of interviews, and who comes to the assembly."""

from ibis import _

from analysis.measures.answer import Answer
from analysis.panels import Panels


def corpus(panels: Panels) -> Answer:
    """Interviews by the role of who speaks. Unit: interviews. Shape: role. The text is not part of a dataset."""
    i = panels.dataset.table("interviews")
    return Answer(i.group_by("role").agg(interviews=_.count()), ("role",), count="interviews")


def assemblies(panels: Panels) -> Answer:
    """Members at each general assembly, and how many of them voted. Unit: members. Shape: day of the assembly.

    All members are counted, wherever they live: an assembly is one for the whole cooperative.
    """
    a = panels.dataset.table("assemblies").join(panels.dataset.table("attendances"), "assembly_id")
    a = a.group_by("held_on").agg(workers=_.worker_id.nunique(), votes=_.voted.cast("int64").sum())
    return Answer(a, ("held_on",))
