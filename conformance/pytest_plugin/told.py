"""
How a case ends that pytest is to hear of: what is raised and warned, with a headline for its summary.

Imports nothing of the suite, so that ``-W`` can name the warning at no cost.
"""

from __future__ import annotations


class Told(Exception):
    """
    Something to tell in our own words, without a traceback of ours.
    """

    def __init__(self, headline: str, text: str) -> None:
        """
        ``headline`` is one line for the summary, ``text`` what stands under the item.
        """
        super().__init__(text)
        self.headline = headline


class ContractViolated(Told):
    """
    The endpoint broke the contract: the item fails.
    """


class NoVerdictOnCase(Told):
    """
    The endpoint could not be heard out, which says nothing of the contract: the item is an error.
    """


class ConformanceWarning(UserWarning):
    """
    A SHOULD is violated, or a baseline speaks of a violation that is gone.
    """
