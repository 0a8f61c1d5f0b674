"""Trials side by side, in worker processes: most of their time they wait for a back-off or a disk."""

import multiprocessing
import os
import queue
import signal
import traceback


class Crew:
    """Worker processes. Each equips itself and then carries out trials that it is given.

    `equip` is called in the worker, with a folder of its own, and gives a context manager of a function that
    carries out one trial. What a trial noted and how many faults it made fire comes back with its outcome.
    """

    def __init__(self, campaign, equip, size):
        context = multiprocessing.get_context("fork")
        self.campaign = campaign
        self.size = size
        self.tasks = context.Queue()
        self.outcomes = context.Queue()
        parent = os.getpid()
        self.workers = [context.Process(target=self._work, args=(f"worker{number}", equip, parent), daemon=True)
                        for number in range(size)]
        for worker in self.workers:
            worker.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for _ in self.workers:
            self.tasks.put(None)
        for worker in self.workers:
            worker.join(120)
            worker.kill()

    def give(self, trial):
        self.tasks.put(trial)

    def outcome(self):
        """(trial, notes, faults fired, text of a failure or None) of a trial that has ended."""
        while True:
            try:
                return self.outcomes.get(timeout=5)
            except queue.Empty:
                if not all(worker.is_alive() for worker in self.workers):
                    raise RuntimeError("a worker process died") from None

    def _next(self, parent):
        while True:
            try:
                return self.tasks.get(timeout=5)
            except queue.Empty:
                if os.getppid() != parent:
                    return None

    def _work(self, name, equip, parent):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # The parent says when it is over, or is gone.
        campaign = self.campaign
        campaign.work = campaign.work / name
        campaign.work.mkdir()
        with equip() as carry_out:
            while (trial := self._next(parent)) is not None:
                campaign.notes, campaign.fired = {}, 0
                failure = None
                try:
                    carry_out(trial)
                except Exception:  # pylint: disable=broad-except
                    failure = traceback.format_exc()
                self.outcomes.put((trial, campaign.notes, campaign.fired, failure))
