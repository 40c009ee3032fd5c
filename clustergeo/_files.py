"""Whole files or none: staged as `NAME.partial`, renamed together at the end, removed when anything fails.

Paths are only ever handed to the operating system through `os` and `pathlib`, never to GDAL: under `LC_ALL=C` a Korean
folder arrives with surrogate escapes that only Python's own file functions turn back into the right bytes.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from clustergeo._signals import signals_held, termination_raised
from clustergeo.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

PARTIAL = ".partial"

# Windows keeps these names for devices whatever their extension; a report must unpack there too.
_DEVICES = frozenset({"con", "prn", "aux", "nul"} | {f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10)})


class Stage:
    """Files of one folder on their way: written beside their final names, not yet visible under them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._names: list[str] = []
        self._made: list[Path] = []
        self._companions: list[Path] = []

    @property
    def names(self) -> list[str]:
        """The relative names written so far, in the order of writing."""
        return list(self._names)

    def write(self, name: str, data: bytes) -> Path:
        """Stage one file.

        Parameters
        ----------
        name
            The name relative to the folder, with `/` between its parts.
        data
            The whole content.

        Returns
        -------
        Path
            Where the file will be once the stage is committed.

        Raises
        ------
        InputError
            If the name leaves the folder or was written before, or the file cannot be written.
        """
        target = self.folder / check_name(name)
        if name in self._names:
            msg = f"{name!r} would be written twice into {shown(self.folder)}; expected one file a name. Use two names."
            raise InputError(msg)
        partial = self.begin(name)
        with writable(target):
            partial.write_bytes(data)
        return target

    def begin(self, name: str, companions: Iterable[str] = ()) -> Path:
        """Return where the partial file of a name is to be written, with what a killed run left there removed.

        Companions are endings of further files that may come to stand beside it, and go with it.
        """
        target = self.folder / name
        with writable(target):
            _expect_file(target)
            self.make_folder(target.parent)
            # Noted before it is written: an interrupt in the middle of the write must find it.
            self._names.append(name)
            partial = _partial(target)
            self._companions += [partial.with_name(partial.name + ending) for ending in companions]
            for path in (partial, *self._companions):
                path.unlink(missing_ok=True)
        return partial

    def make_folder(self, folder: Path) -> None:
        """Make a folder and its parents, remembering the new ones."""
        missing = []
        while not folder.exists():
            missing.append(folder)
            folder = folder.parent
        for one in reversed(missing):
            self._made.append(one)
            one.mkdir()

    def commit(self, stale: Iterable[str]) -> None:
        """Rename every staged file to its name, in the order of writing, and delete the files of a previous run."""
        # On a file system that ignores case, an old `Bio.csv` and a new `bio.csv` are the same file.
        kept = {name.casefold() for name in self._names}
        unwanted = [self.folder / check_name(name) for name in stale if name.casefold() not in kept]
        with signals_held():
            for name in self._names[:-1]:
                self._reveal(name)
            # Before the last file, which vouches for the rest: once it is there, nothing old stands beside it.
            for path in unwanted:
                with writable(path):
                    path.unlink(missing_ok=True)
                # A folder that still holds a stranger's file stays.
                with contextlib.suppress(OSError):
                    if path.parent != self.folder:
                        path.parent.rmdir()
            for name in self._names[-1:]:
                self._reveal(name)

    def _reveal(self, name: str) -> None:
        """Give one staged file its name."""
        target = self.folder / name
        with writable(target):
            _partial(target).replace(target)

    def undo(self) -> None:
        """Remove what was staged and the folders made for it."""
        with signals_held():
            for path in (*(_partial(self.folder / name) for name in self._names), *self._companions):
                with contextlib.suppress(OSError):
                    path.unlink(missing_ok=True)
            for folder in reversed(self._made):
                with contextlib.suppress(OSError):
                    folder.rmdir()


@contextlib.contextmanager
def staged(
    folder: str | os.PathLike[str],
    *,
    known: Callable[[str], bool] = lambda _name: False,
    stale: Iterable[str] = (),
) -> Iterator[Stage]:
    """Write several files into a folder: all of them, or none.

    Parameters
    ----------
    folder
        Where the files go; made if it does not exist, and removed again if the work fails.
    known
        Says of a relative name (with `/`, without `.partial`) whether it is a file that clustergeo writes here. Partial
        files of known names, left by a run that was killed, are removed at the start; a stranger's are not touched.
    stale
        Relative names of a previous run, deleted at the commit unless they were written again.

    Yields
    ------
    Stage
        Its `write` takes a relative name and bytes. Files appear in the order of writing, so the one that vouches for
        the others is written last. A signal that arrives during the renames is acted on after the last of them.

    Raises
    ------
    InputError
        If the folder is a file, or it cannot be written to; the message names the path and the cure.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as place:
    ...     with staged(place + "/out") as stage:
    ...         _ = stage.write("by-sector/bio.txt", b"bio")
    ...     Path(place, "out", "by-sector", "bio.txt").read_bytes()
    b'bio'
    """
    place = native(folder)
    stage = Stage(place)
    leftovers = tuple(stale)
    with termination_raised():
        try:
            with writable(place):
                _expect_folder(place)
                stage.make_folder(place)
                _sweep(place, known)
            yield stage
            stage.commit(leftovers)
        except BaseException:
            # KeyboardInterrupt and SystemExit too: nothing half-made may stay.
            stage.undo()
            raise


def write_whole(path: str | os.PathLike[str], data: bytes) -> Path:
    """Write one file whole or not at all.

    Parameters
    ----------
    path
        The file; its folder is made if it does not exist. A file of this name is replaced.
    data
        The whole content.

    Returns
    -------
    Path
        The path of the file.

    Raises
    ------
    InputError
        If the path is a folder or cannot be written to; the message names the path and the cure.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as place:
    ...     write_whole(place + "/one.txt", b"whole").read_bytes()
    b'whole'
    """
    with whole_file(path) as partial, writable(native(path)):
        partial.write_bytes(data)
    return native(path)


@contextlib.contextmanager
def whole_file(path: str | os.PathLike[str], *, companions: Iterable[str] = ()) -> Iterator[Path]:
    """Write one file piece by piece, whole or not at all.

    Parameters
    ----------
    path
        The file; its folder is made if it does not exist. A file of this name is replaced at the end.
    companions
        Endings of files that the writer keeps beside its file while it works, such as `-journal`; none is left.

    Yields
    ------
    pathlib.Path
        Where to write: beside the file, named `NAME.partial`. What a killed run left there is removed first.

    Raises
    ------
    InputError
        If the path is a folder or cannot be written to; the message names the path and the cure.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as place:
    ...     with whole_file(place + "/one.txt") as partial:
    ...         _ = partial.write_bytes(b"whole")
    ...     Path(place, "one.txt").read_bytes()
    b'whole'
    """
    target = native(path)
    if not target.name or target.name == "..":
        msg = f"{shown(target)} is not the name of a file; expected a path such as 'out/map.html'. Add a file name."
        raise InputError(msg)
    if target.is_symlink():
        # As `open` would: the link stays, the file that it points to is written.
        target = target.resolve()
    stage = Stage(target.parent)
    with termination_raised():
        try:
            yield stage.begin(target.name, companions)
            stage.commit(())
        except BaseException:
            stage.undo()
            raise


def check_name(name: str) -> str:
    """Return a relative name that stays in its folder on every system, or refuse it.

    Parameters
    ----------
    name
        Parts joined by `/`.

    Returns
    -------
    str
        The same name.

    Raises
    ------
    InputError
        If the name is absolute, empty, has an empty part or `..`, or holds a separator, a control character or the
        name of a device.

    Examples
    --------
    >>> check_name("by-sector/bio.geojson")
    'by-sector/bio.geojson'
    """
    parts = name.split("/")
    bad = any(
        part in {"", ".", ".."}
        or any(sign in part for sign in '\\:*?"<>|')
        or any(ord(sign) < ord(" ") for sign in part)
        or part.endswith((" ", ".", PARTIAL))
        or part.split(".")[0].strip().lower() in _DEVICES
        for part in parts
    )
    if bad:
        msg = (
            f"{name!r} cannot be the name of an output file; expected plain parts joined by '/', none of them '..', "
            "empty or a device name. Use letters, digits, '-', '_' and '.'."
        )
        raise InputError(msg)
    return name


def native(path: str | os.PathLike[str]) -> Path:
    """Return a path that Python's file functions can use whatever the locale.

    Parameters
    ----------
    path
        A path as the caller wrote it, or as it came from the command line.

    Returns
    -------
    Path
        The same path; where the file system's encoding cannot say it (a Korean name under `LC_ALL=C`), its UTF-8 bytes.

    Raises
    ------
    InputError
        If the path is empty or holds a null character.

    Examples
    --------
    >>> native("out/map.html").as_posix()
    'out/map.html'
    """
    text = os.fspath(path)
    if not text or "\0" in text:
        msg = f"{text!r} is not a path; expected the name of a file or folder. Pass a path such as 'out'."
        raise InputError(msg)
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        text = os.fsdecode(text.encode("utf-8", "surrogateescape"))
    return Path(text)


def _expect_folder(path: Path) -> None:
    """Refuse a path that is there and is no folder."""
    if path.exists() and not path.is_dir():
        raise NotADirectoryError


def _expect_file(path: Path) -> None:
    """Refuse a path that is a folder: the rename at the end would fail, too late."""
    if path.is_dir():
        raise IsADirectoryError


def _partial(path: Path) -> Path:
    """Return the name a file has until it is whole."""
    return path.with_name(path.name + PARTIAL)


def _sweep(folder: Path, known: Callable[[str], bool]) -> None:
    """Remove the partial files of known names that a killed run left, and folders that held nothing else."""
    # Two levels are all that is ever written; a deeper search would crawl a home folder given as the output.
    for path in sorted([*folder.glob("*" + PARTIAL), *folder.glob("*/*" + PARTIAL)]):
        name = path.relative_to(folder).as_posix().removesuffix(PARTIAL)
        if not path.is_file() or path.is_symlink() or not known(name):
            continue
        path.unlink(missing_ok=True)
        if path.parent != folder:
            with contextlib.suppress(OSError):
                path.parent.rmdir()


def shown(path: Path) -> str:
    """Return a path for a message: surrogate escapes would break the stream the message is printed to."""
    return repr(os.fsencode(path).decode("utf-8", "replace"))


@contextlib.contextmanager
def writable(path: Path) -> Iterator[None]:
    """Turn what the operating system refuses into a refusal that carries its cure."""
    try:
        yield
    except OSError as error:
        if isinstance(error, PermissionError):
            why, cure = "no permission to write there", "Choose a folder of your own or change its permissions."
        elif isinstance(error, (NotADirectoryError, FileExistsError)):
            why, cure = "a file is where a folder is expected", "Choose another folder or move that file away."
        elif isinstance(error, IsADirectoryError):
            why, cure = "a folder is where a file is expected", "Choose another name or move that folder away."
        else:
            why = error.strerror or type(error).__name__
            cure = "Free some space, shorten the name or choose another folder; nothing was left half-written."
        msg = f"Cannot write {shown(path)}: {why}. {cure}"
        raise InputError(msg) from error
