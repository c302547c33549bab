"""What a compiler says of rows without a codec: missing_codec.py COMPILER SOURCE_ROOT.

In less than ten lines, of which one says what to write, and one where in the program.
"""

import subprocess
import sys

MOST_LINES = 9
SAYS = ["rows of this type have no codec", "static constexpr auto Fields()",
        "specialise wavetank::runtime::Codec", "tests/runtime/missing_codec.cc:"]


def main():
    compiler, root = sys.argv[1:]
    wrong = []
    for defined in ([], ["-DWAVETANK_IN_A_PAIR"]):
        compiled = subprocess.run(
            [compiler, "-std=c++20", "-fsyntax-only", "-fdiagnostics-color=never", "-I.", *defined,
             "tests/runtime/missing_codec.cc"],
            cwd=root, capture_output=True, text=True, timeout=600)
        said = compiled.stderr
        lines = said.splitlines()
        if compiled.returncode == 0:
            wrong.append(f"{defined}: it compiles")
        if len(lines) > MOST_LINES:
            wrong.append(f"{defined}: {len(lines)} lines, and {MOST_LINES} at most:\n{said}")
        wrong += [f"{defined}: nothing says \"{text}\":\n{said}" for text in SAYS if text not in said]
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
