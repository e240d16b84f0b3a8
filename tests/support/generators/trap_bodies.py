"""The code of each trap: methods that replace those of its generator."""

# When vrdata runs these, their output depends on the seed only.
DETERMINISTIC = (
    "shared",
    "hashed",
    "unseeded",
    "clock",
    "overriding",
    "tailed",
    "littering",
    "silent",
    "flagged",
)
GREEDY_MIB = 900
# These fail with the flag --armed only (raise, allocate, never end): adding one must succeed.
ARMED = ("failing", "greedy", "stuck")

# Methods by the name of the trap, which is also its domain.
BODIES = {
    "shared": "",
    "hashed": """
    def choose(self, task_id):
        return random.Random(hash(task_id)).randrange(8)
""",
    "unseeded": """
    def choose(self, task_id):
        return (random.Random().randrange(8) + int(np.random.default_rng().integers(8))) % 8
""",
    "clock": """
    def choose(self, task_id):
        tries, end = 0, time.time() + 0.05
        while time.time() < end:
            tries += 1
        return (random.randrange(8) + tries) % 8
""",
    "overriding": """
    def generate_dataset(self):
        count = self.config.num_samples
        colours = [number * 8 // count for number in range(count)]
        random.shuffle(colours)
        self.colours = iter(colours)
        return [
            self.generate_task_pair(f"{self.config.domain}_{number:08d}")
            for number in range(count)
        ]

    def choose(self, task_id):
        return next(self.colours)
""",
    "capped": """
    def generate_dataset(self):
        self.config.num_samples = min(self.config.num_samples, 7)
        return super().generate_dataset()
""",
    "limited": """
    def generate_dataset(self):
        self.config.num_samples = min(self.config.num_samples, 15)
        return super().generate_dataset()
""",
    "repeating": """
    def generate_task_pair(self, task_id):
        return self.paint(f"{self.config.domain}_00000000")
""",
    "tailed": """
    def length(self, task_id):
        return 300 if task_id.endswith("3") else 6
""",
    "littering": """
    def choose(self, task_id):
        open("test.mp4", "w").write("left behind")
        return random.randrange(8)
""",
    "failing": """
    def choose(self, task_id):
        if self.config.armed and task_id.endswith("4"):
            raise ValueError("cannot paint sample 4")
        return random.randrange(8)
""",
    "greedy": """
    def choose(self, task_id):
        if self.config.armed:
            self.kept = None
            self.kept = bytearray(b"x") * (MEBIBYTES * 2**20)
        return random.randrange(8)
""".replace("MEBIBYTES", str(GREEDY_MIB)),
    "stuck": """
    def choose(self, task_id):
        while self.config.armed:
            pass
        return random.randrange(8)
""",
    "growing": """
    def generate_task_pair(self, task_id):
        pair = self.paint(task_id)
        pair.ballast = np.ones(2**20)  # 8 MiB that the framework keeps for every sample
        return pair
""",
    "silent": "",  # its video library is not installed
    "flagged": "",  # the other names of flags
    "seedless": "",  # no --seed
}
