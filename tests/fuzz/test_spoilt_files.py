"""A slice of the fuzzing that is the same each time; `make fuzz` goes on from there."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

from tests.fuzz.corpus import corpus
from tests.fuzz.spoiling import spoilt
from tests.fuzz.worker import outcome

_CASES = 150


def test_the_files_are_sound_before_they_are_spoilt(tmp_path: Path) -> None:
    for sound in corpus():
        file = tmp_path / "sound"
        file.write_bytes(sound.content)
        answer = outcome(file, sound, tmp_path)
        assert answer["outcome"] == "rows", (sound.name, answer)
        assert answer["what"] >= 1, sound.name


def test_a_spoilt_file_is_read_or_refused_by_name(tmp_path: Path) -> None:
    sounds, counts = corpus(), Counter[str]()
    for case in range(_CASES):
        random = Random(f"fixed {case}")  # noqa: S311 -- no secret
        sound = sounds[case % len(sounds)]
        file = tmp_path / f"case-{case}"
        file.write_bytes(spoilt(sound.content, random.choice(sounds).content, random))
        answer = outcome(file, sound, tmp_path)
        assert answer["outcome"] != "finding", (case, sound.name, answer["what"])
        counts[answer["outcome"]] += 1
    # Neither is everything refused at the door, nor everything let through.
    assert min(counts["rows"], counts["refused"]) > _CASES // 10, counts
