"""
What we or our user did wrong: one exception a mistake, with the remedy in its words.

What an endpoint does wrong is a ``Finding`` and what the network does is an ``Ending``; neither is raised.
"""

from __future__ import annotations


class ConformanceError(Exception):
    """
    The root of everything that the suite raises on purpose; ``str()`` names the remedy.
    """

    #: The exit code of a command that ends with this error: 2 usage, 3 no verdict, 70 our own bug.
    exit_code = 2


class UsageError(ConformanceError):
    """
    The command line, the environment or a configuration file is wrong.
    """


class FileError(UsageError):
    """
    A file that we were given is wrong at a certain line.
    """

    def __init__(self, path: str, line: int, problem: str, remedy: str = "") -> None:
        """
        ``line`` counts from 1; 0 when the whole file is meant.
        """
        super().__init__(path, line, problem, remedy)
        self.path, self.line, self.problem, self.remedy = path, line, problem, remedy

    def __str__(self) -> str:
        """
        ``file:line: problem. remedy``.
        """
        place = f"{self.path}:{self.line}" if self.line else self.path
        return f"{place}: {self.problem}" + (f"\n  {self.remedy}" if self.remedy else "")


class NothingChosen(UsageError):
    """
    The selection leaves no case to ask: not a mistake of form, but nothing that could be called green.
    """

    exit_code = 5


class NoVerdict(ConformanceError):
    """
    Nothing can be said about the target: unreachable, refused key, unknown model.
    """

    exit_code = 3

    def __init__(self, problem: str, remedy: str, cause: str = "unreachable") -> None:
        """
        ``cause`` is one word for the machine-readable results.
        """
        super().__init__(problem, remedy, cause)
        self.problem, self.remedy, self.cause = problem, remedy, cause

    def __str__(self) -> str:
        """
        The problem, and on a second line what to do.
        """
        return f"{self.problem}\n  {self.remedy}"


class Refused(ConformanceError):
    """
    A run cannot be certified, or a bundle is not what it says it is.
    """

    exit_code = 1

    def __init__(self, reason: str, remedy: str = "") -> None:
        """
        ``reason`` names the file or the case that is at fault.
        """
        super().__init__(reason, remedy)
        self.reason, self.remedy = reason, remedy

    def __str__(self) -> str:
        """
        The reason, and on a second line what to do.
        """
        return f"refused: {self.reason}" + (f"\n  {self.remedy}" if self.remedy else "")


class CheckCrashed(ConformanceError):
    """
    One of our checks raised: our bug, never held against the endpoint.
    """

    exit_code = 70

    def __init__(self, check: str, case: str, problem: BaseException) -> None:
        """
        ``check`` and ``case`` are ids; ``problem`` is what was raised.
        """
        super().__init__(check, case, problem)
        self.check, self.case, self.problem = check, case, problem

    def __str__(self) -> str:
        """
        Which check crashed on which case.
        """
        return (
            f"the check {self.check} crashed on {self.case}: {type(self.problem).__name__}: {self.problem}\n"
            "  This is a bug in conformance, not in the endpoint; please report it with the recording."
        )


class SecretLeak(ConformanceError):
    """
    An output would have held a secret; nothing was written.
    """

    exit_code = 70

    def __init__(self, path: str) -> None:
        """
        ``path`` is the file that was not written.
        """
        super().__init__(path)
        self.path = path

    def __str__(self) -> str:
        """
        Which file was refused.
        """
        return f"refused to write {self.path}: it would have held a secret\n  This is a bug in conformance; please report it."
