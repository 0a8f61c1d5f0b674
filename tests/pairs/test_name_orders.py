"""Names that the services list in different orders: no needless copy, no delete, whatever stands next to what.

Random trees go round all four kinds of places, by --delete; then each step is asked again, with and
without the state of the first run, and must have nothing to do.
"""

import random
import shutil

from harness import Case, main
from test_pairs import SEED, SIDES, Local, digest

TREES = 20
# UTF-16 order puts those above U+FFFF before those from U+E000 on; a listing by folders puts "/" first.
STEMS = ["n", "\U0001F600", "\U00010000", "\uf900", "\uff5e", "\ufffd", "\ud7ff", "é", "Z"]
TAILS = ["", "-x", ".x", "0x", "\U0001F600x", "\uf900x", "\uffeex", " x", "+x"]


class SmallTree:
    rich = frozenset()

    def __init__(self, dice):
        names = set()
        while len(names) < 40:
            parts = [dice.choice(STEMS) + dice.choice(TAILS) for _ in range(dice.choice([1, 1, 2, 3]))]
            names.add("/".join(parts))
        # A name is a file or a folder, never both.
        folders = {name[:i] for name in names for i, c in enumerate(name) if c == "/"}
        self.contents = {name: dice.randbytes(dice.randrange(20)) for name in sorted(names - folders)}
        self.sizes = {name: len(data) for name, data in self.contents.items()}

    def data(self, name):
        return self.contents[name]


class NameOrders(Case):
    def step(self, source, target, count, first):
        env = {**source.env(), **target.env()}
        run = self.sync("--delete", source.url(), target.url(), env=env)
        objects = run.summary["objects"]
        self.assertEqual((objects["copied"], objects["unchanged"], objects["deleted"]),
                         (count, 0, 0) if first else (0, count, 0))

    def test_random_trees_go_round(self):
        print(f"seed {SEED}", flush=True)
        sides = [side for side in SIDES if side is not Local and side.available()]
        self.assertGreater(len(sides), 1)
        for number in range(TREES):
            dice = random.Random(f"{SEED} {number}")
            tree = SmallTree(dice)
            # From a folder: what others wrote to Azure carries nothing that could prove it equal later.
            places = [Local(self.work), *(side(self.work) for side in dice.sample(sides, len(sides)))]
            places[0].fill(tree)
            wanted = {name: digest(data) for name, data in tree.contents.items()}
            with self.subTest(number=number, order=[place.name for place in places]):
                steps = list(zip(places, places[1:]))
                for source, target in steps:
                    self.step(source, target, len(wanted), first=True)
                    self.assertEqual({name: entry[0] for name, entry in target.read().items()}, wanted)
                # Back to where it began: all is there, by what is stored beside the bytes.
                steps.append((places[-1], places[0]))
                if number % 2:
                    shutil.rmtree(self.state, ignore_errors=True)
                for source, target in steps:
                    self.step(source, target, len(wanted), first=False)


if __name__ == "__main__":
    main()
