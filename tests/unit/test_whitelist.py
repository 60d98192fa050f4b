"""Entries, lists, modes, what a file may hold, and what a list would have lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nap.whitelist.change import Change, ChangeError, apply
from nap.whitelist.entries import Entry, EntryError, parse_entry
from nap.whitelist.heard import DAYS_KEPT, DEVICES_A_DAY, HeardDevices, loss_under
from nap.whitelist.lookup import IdSet
from nap.whitelist.rules import Judge, Mode, Rules, Verdict
from nap.whitelist.text_format import FILE_LIMIT, ListFormatError, read_entries

IDS = st.integers(0, 0xFFFF_FFFF)
ENTRIES = st.tuples(IDS, st.one_of(st.just(0), st.integers(0, 5000))).map(
    lambda p: Entry(p[0], min(p[0] + p[1], 0xFFFF_FFFF))
)


@pytest.mark.parametrize(
    ("text", "first", "last", "shortest"),
    [
        ("0123ABCD", 0x0123ABCD, 0x0123ABCD, "0123abcd"),
        ("4d33db", 0x004D33DB, 0x004D33DB, "004d33db"),
        ("0123*", 0x01230000, 0x0123FFFF, "0123*"),
        (" 01230000-0123ffff ", 0x01230000, 0x0123FFFF, "0123*"),
        ("1-3", 1, 3, "00000001-00000003"),
    ],
)
def test_an_entry_is_an_id_a_prefix_or_a_range(
    text: str, first: int, last: int, shortest: str
) -> None:
    entry = parse_entry(text)
    assert (entry.first, entry.last, str(entry)) == (first, last, shortest)


@pytest.mark.parametrize("text", ["", "xyz", "123456789", "01234567*", "9-1", "*", "1-2-3", "0 1"])
def test_what_is_no_entry_is_named(text: str) -> None:
    with pytest.raises(EntryError) as caught:
        parse_entry(text)
    assert repr(text) in str(caught.value)


@given(ENTRIES)
def test_an_entry_reads_back_as_it_was_written(entry: Entry) -> None:
    assert parse_entry(str(entry)) == entry


@given(st.text(max_size=60))
def test_any_text_is_an_entry_or_an_entry_error(text: str) -> None:
    try:
        entry = parse_entry(text)
    except EntryError:
        return
    assert 0 <= entry.first <= entry.last <= 0xFFFF_FFFF


@given(st.lists(ENTRIES, max_size=20), IDS, st.integers(-2, 2))
def test_the_look_up_says_the_same_as_asking_every_entry(
    entries: list[Entry], device: int, near: int
) -> None:
    ids = IdSet(entries)
    asked = [device] + [max(0, edge + near) for e in entries for edge in (e.first, e.last)]
    for number in asked:
        assert (number in ids) == any(e.first <= number <= e.last for e in entries)


def test_a_hundred_thousand_ids_are_told_from_their_neighbours() -> None:
    listed = range(0x0100_0000, 0x0100_0000 + 400_000, 4)
    judge = Judge(Rules(mode=Mode.ENFORCE, allow=[f"{device:08x}" for device in listed]))
    assert len(listed) == 100_000
    assert all(judge.judge(f"{device:08x}").passes for device in listed)
    assert not any(judge.judge(f"{device + 1:08x}").passes for device in listed)


@pytest.mark.parametrize(
    ("mode", "listed", "stranger", "denied"),
    [
        (Mode.OFF, True, True, False),
        (Mode.ENFORCE, True, False, False),
        (Mode.OBSERVE, *[True] * 3),
    ],
)
def test_modes(mode: Mode, *, listed: bool, stranger: bool, denied: bool) -> None:
    judge = Judge(Rules(mode=mode, allow=["01*"], deny=["0123*"]))
    assert judge.judge("01ff0000") == Verdict(passes=listed, listed=True)
    assert judge.judge("02000000") == Verdict(passes=stranger, listed=False)
    assert judge.judge("01234567") == Verdict(passes=denied, listed=False)


def test_a_change_happens_as_a_whole_or_not_at_all() -> None:
    rules = Rules(allow=["01*", "00000005"])
    changed = apply(rules, Change(mode=Mode.ENFORCE, allow_add=["5", "6"], allow_remove=["01*"]))
    assert changed == Rules(mode=Mode.ENFORCE, allow=["00000005", "00000006"])
    with pytest.raises(ChangeError, match="00000007"):
        apply(rules, Change(allow_add=["6"], allow_remove=["7"]))
    with pytest.raises(EntryError):
        apply(rules, Change(deny_add=["g"]))


def test_a_plain_list_with_comments() -> None:
    content = b"\xef\xbb\xbf# my list, 2026\r\n0123abcd  # kitchen\r\n\r\n0123ABCD\n45*\n"
    assert read_entries(content, name="list.txt") == ["0123abcd", "45*"]


@pytest.mark.parametrize(
    "content",
    [
        b"name,Device_ID\nkitchen,0123abcd\ncellar,45*\n",
        b'id;name\n0123abcd;"semi;colon"\n45*;x\n',
        b"device\n0123abcd\n45*\n",
    ],
)
def test_a_column_of_a_csv_file(content: bytes) -> None:
    assert read_entries(content, name="list.csv") == ["0123abcd", "45*"]


def test_the_column_can_be_named() -> None:
    content = b"id,sigfox\n1,0123abcd\n"
    assert read_entries(content, name="x", column="sigfox") == ["0123abcd"]


def test_every_wrong_line_is_named_up_to_a_limit() -> None:
    with pytest.raises(ListFormatError) as caught:
        read_entries(b"0123abcd\nkitchen\n\n123456789\n", name="list.txt")
    assert "list.txt:2: 'kitchen'" in str(caught.value)
    assert "list.txt:4: '123456789'" in str(caught.value)
    with pytest.raises(ListFormatError, match="and 80 more"):
        read_entries(b"x\n" * 100, name="list.txt")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"0123abcd\n\xff\xfe\n", ":2: not UTF-8"),
        (b"a,b\n1,2\n", "no column device_id"),
        (bytes(FILE_LIMIT + 1), "larger than"),
        (b'id,x\n"0123', "unexpected end"),
    ],
)
def test_files_that_cannot_be_taken(content: bytes, said: str) -> None:
    with pytest.raises(ListFormatError, match=said):
        read_entries(content, name="list.txt")


@given(st.binary(max_size=300))
def test_any_file_gives_entries_or_a_format_error(content: bytes) -> None:
    try:
        entries = read_entries(content, name="list.txt")
    except ListFormatError:
        return
    assert entries == [str(parse_entry(entry)) for entry in entries]


def test_the_dry_run_counts_what_would_have_been_lost() -> None:
    heard = HeardDevices()
    for date, device in [("d1", "00000001"), ("d1", "00000002"), ("d2", "00000002")]:
        heard.note(device, date)
    loss = loss_under(Judge(Rules(mode=Mode.ENFORCE, allow=["1"])), heard)
    assert (loss.lost_messages, loss.lost_devices, loss.devices) == (2, 1, {"00000002": 2})
    assert [(day.date, day.messages, day.lost_messages) for day in loss.days] == [
        ("d1", 2, 1),
        ("d2", 1, 1),
    ]
    assert loss_under(Judge(Rules(mode=Mode.OFF)), heard).lost_messages == 0


def test_the_record_of_devices_is_bounded_and_says_what_it_left_out() -> None:
    heard = HeardDevices()
    for day in range(DAYS_KEPT + 3):
        heard.note("00000001", f"day {day}")
    for device in range(DEVICES_A_DAY + 50):
        heard.note(f"{device:08x}", "today")
    assert len(heard.days) == DAYS_KEPT
    assert len(heard.days[-1].messages) == DEVICES_A_DAY
    assert loss_under(Judge(Rules()), heard).unrecorded == 50
