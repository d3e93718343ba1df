"""
Policies for senders to read: the samples of conf.d, files as people publish
them, and our own that go to the limits of what is accepted. Each is given a
domain; who serves it, and who reads it, is not said here.
"""

from harness import TOP, source

SAMPLES = {path.stem: path.read_bytes()
           for path in sorted((TOP / "conf.d").glob("[!_]*.txt"))}

# Files as people publish them, where they are at hand.
REAL = TOP.parent / "shared" / "corpus"
VERDICTS = dict(line.split("\t")[:2] for line in
                (REAL / "real.tsv").read_text().splitlines()[1:]
                ) if (REAL / "real.tsv").exists() else {}

LONGEST = ".".join((63 * "a", 63 * "b", 63 * "c", 57 * "d", "com"))
GOOD = source(mx=("mx1.example.com", "*.mx.example.com"))

# What is accepted although it is not quite what is served: DESIGN.md, "What is
# read, what is written"; and what lies at the bounds.
LAYOUTS = {
    "crlf": GOOD.replace(b"\n", b"\r\n"),
    "cr": GOOD.replace(b"\n", b"\r"),
    "mixed": GOOD.replace(b"\n", b"\r\n", 2),
    "unended": GOOD.rstrip(b"\n"),
    "bom": b"\xef\xbb\xbf" + GOOD,
    "comment": b"# caf\xc3\xa9\n" + GOOD,
    "blank": GOOD.replace(b"\n", b"\n\n"),
    "trailing": GOOD.replace(b"\n", b" \t\n"),
    "unspaced": GOOD.replace(b": ", b":"),
    "spaced": GOOD.replace(b": ", b": \t "),
    "reversed": b"".join(reversed(GOOD.splitlines(keepends=True))),
    "upper": GOOD.replace(b"mx1.example", b"MX1.Example"),
    "zeros": source(max_age="0000086400"),
    "twice": source(mx=("mx.example.com", "mx.example.com")),
    "age-0": source(max_age=0),
    "age-1": source(max_age=1),
    "age-most": source(max_age=31557600),
    "none-mx": source(mode="none"),
    "none": source(mode="none", mx=()),
    "testing": source(mode="testing"),
    "longest": source(mx=(LONGEST,)),
    "many": source(mx=[f"mx{i}.{48 * 'a'}.example.com"
                       for i in range(870)]),
}


def domain_of(name):
    """Where a file of people is served."""
    return f"{name.removesuffix('.txt')}.real.example"


def _real(verdict):
    return {domain_of(name): (REAL / "real" / name).read_bytes()
            for name, said in VERDICTS.items() if said == verdict}


# By domain. ACCEPTED is for every sender to read, REFUSED is never served.
LAID_OUT = {f"{name}.layout.example": text for name, text in LAYOUTS.items()}
ACCEPTED = {**SAMPLES, **LAID_OUT, **_real("accept")}
REFUSED = _real("refuse")

# What a field's value may look like: good ones, then others that some parser
# or other might take.
VALUES = {
    "version": (["STSv1"],
                ["stsv1", "STSv2", "STSv1.0", "STSv1;", "", "'STSv1'"]),
    "mode": (["enforce", "testing", "none"],
             ["Enforce", "report", "enforced", "enforce;", "", "enforce # x"]),
    "max_age": (["604800", "0", "1", "31557600", "0031557600", "86400"],
                ["31557601", "-1", "+5", "1e3", "0x10", "1_000", "6.0", "",
                 "99999999999", "\uff16\uff10", "604800 s", "6 0", "1d"]),
    "mx": (["mx.example.com", "*.example.com", "MX2.Example.COM", "localhost",
            "xn--mller-kva.example", "a-b.example", "1.example", LONGEST],
           ["mx.example.com.", "*", "*.*.example", "mx*.example", "a_b.example",
            "192.0.2.1", "[192.0.2.1]", "::1", "m\u00fcller.example", "a..b",
            "-a.example", "a-.example", "a, b", "a b", "", "https://a.example",
            "a.example:25", 64 * "a" + ".example", "a" + LONGEST]),
}
KEYS = ("Mode", "mx ", " mx", "MX", "maxage", "max-age", "x_more", "mode")


def shaken(random):
    """A policy file, as bytes, that may be good or not."""
    def value(key):
        good, bad = VALUES[key]
        return random.choice(bad if random.random() < 0.04 else good)
    keys = ["version", "mode", *random.choices(["mx"], k=random.randint(1, 3)),
            "max_age"]
    if random.random() < 0.3:
        random.shuffle(keys)
    lines = [f"{key}:{random.choice(['', ' ', '  '])}{value(key)}"
             for key in keys]
    if random.random() < 0.06:
        lines.insert(random.randint(0, len(lines)),
                     f"{random.choice(KEYS)}: {value('mx')}")
    if random.random() < 0.06:
        lines.pop(random.randrange(len(lines)))
    if random.random() < 0.2:
        lines.insert(random.randint(0, len(lines)),
                     random.choice(["", "# x", " ", "\t", "x", ":", "#mode: x"]))
    end = random.choice(["\n", "\r\n", "\r", " \n", "\t\r\n"])
    text = end.join(lines) + random.choice([end, end, ""])
    if random.random() < 0.04:
        place = random.randint(0, len(text))
        text = text[:place] + random.choice(
            "\0\v\f\x1c\x85\u2028\xa0\ufeff\x7f;,") + text[place:]
    return text.encode()
