#!/usr/bin/env python3
"""Programs of others build from an installed Wavetank, each target by itself, and link no more than
was promised."""

import pathlib
import re
import subprocess
import unittest

import installed

CONSUMERS = pathlib.Path(__file__).parent / "consumers"
# Their headers have no coroutines, so Debian's own compiler may compile what includes them.
PLAN_ONLY = ["checkpoint_protos", "runtime_messages", "log_protocol", "log_journal", "runtime",
             "streaming", "properties", "scenario_proto", "scenarios", "command"]
# Abseil, Protobuf, spdlog with fmt, ISA-L, LZ4, Zstandard, zlib, simdjson, Nettle, RE2, MPFR with
# GMP, and what C++ programs link anyway.
PROMISED = re.compile(r"libwavetank_|libabsl_|libprotobuf\.|libspdlog\.|libfmt\.|libisal\.|liblz4\."
                      r"|libzstd\.|libz\.|libsimdjson\.|libnettle\.|libre2\.|libmpfr\.|libgmp\."
                      r"|libpthread\.|-latomic$|-lpthread$")


def libraries(link_command):
    names = [word.rsplit("/", 1)[-1] for word in link_command.split()]
    return {name for name in names
            if name.startswith("-l") or name.endswith(".a") or ".so" in name}


class Package(unittest.TestCase):
    def build_consumers(self, folder, compiler, targets):
        build = folder / compiler
        installed.configure(CONSUMERS, build, compiler, folder / "prefix",
                            f"-DCONSUMERS={';'.join(targets)}")
        installed.build(build)
        for target in targets:
            with self.subTest(target=target, compiler=compiler):
                installed.run([build / target], timeout=60)
                link = installed.run(["ninja", "-C", build, "-t", "commands", target])
                beyond = {name for name in libraries(link.strip().split("\n")[-1])
                          if not PROMISED.match(name)}
                self.assertEqual(beyond, set())

    def test_each_target_is_usable_from_an_installed_prefix(self):
        folder = installed.install("targets")
        config = next((folder / "prefix").rglob("wavetank-config.cmake")).read_text()
        exported = re.search(r"set\(wavetank_components (.*)\)", config).group(1).split(";")
        self.assertEqual(sorted(exported), sorted(path.stem for path in CONSUMERS.glob("*.cc")))
        self.build_consumers(folder, installed.DEBIANS, PLAN_ONLY)
        self.build_consumers(folder, installed.CLANG, sorted(set(exported) - set(PLAN_ONLY)))

    def test_licence_and_schema_are_installed(self):
        folder = installed.install("files")
        licence = (folder / "prefix/share/doc/wavetank/LICENSE").read_text()
        self.assertIn("Apache License", licence)
        self.assertIn("END OF TERMS AND CONDITIONS", licence)
        schema = folder / "prefix/include/wavetank"
        installed.run(["protoc", f"-I{schema}", f"--descriptor_set_out={folder}/schema",
                       "scenarios/scenario.proto"])

    def test_a_component_that_there_is_not_is_refused_by_name(self):
        folder = installed.install("component")
        refused = subprocess.run(
            ["cmake", "-S", CONSUMERS, "-B", folder / "build", "-DCONSUMERS=streamimg",
             f"-DCMAKE_PREFIX_PATH={folder}/prefix"], capture_output=True, text=True)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn('wavetank has no component "streamimg"', " ".join(refused.stderr.split()))

    def test_a_library_beyond_the_promise_is_seen(self):
        link = "c++ main.o -o main /usr/lib/libabsl_status.a /usr/lib/librdkafka.so -lz"
        self.assertEqual({name for name in libraries(link) if not PROMISED.match(name)},
                         {"librdkafka.so", "-lz"})


if __name__ == "__main__":
    installed.main(unittest)
