"""tools/check_layers.py must find what it is for."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

TOOL = pathlib.Path(__file__).resolve().parents[2] / "tools" / "check_layers.py"
LAYERS = """
[layers]
base = 0
nn = 1
hw = 1
[third_party]
"sqlite3.h" = ["nn/*.cpp"]
"""


class CheckLayers(unittest.TestCase):
    def run_on(self, files):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name, text in {"src/gibbon/layers.toml": LAYERS, **files}.items():
                path = root / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            done = subprocess.run([sys.executable, str(TOOL), folder], capture_output=True, text=True)
            return done.returncode, done.stdout.replace(folder + "/", "")

    def test_lower_layers_and_own_module_are_allowed(self):
        text = '#include "gibbon/base/a.hpp"\n#include "gibbon/nn/b.hpp"\n#include <vector>\n'
        self.assertEqual(self.run_on({"src/gibbon/nn/x/a.cpp": text}), (0, ""))

    def test_siblings_are_refused(self):
        status, output = self.run_on({"src/gibbon/nn/a.cpp": '\n#include "gibbon/hw/b.hpp"\n'})
        self.assertEqual(status, 1)
        self.assertEqual(output, "src/gibbon/nn/a.cpp:2: gibbon/hw/b.hpp: "
                                 "nn (layer 1) may not include hw (layer 1)\n")

    def test_higher_layers_are_refused(self):
        status, output = self.run_on({"src/gibbon/base/a.hpp": '#include "gibbon/nn/b.hpp"\n'})
        self.assertEqual(status, 1)
        self.assertIn("base (layer 0) may not include nn (layer 1)", output)

    def test_third_party_headers_have_their_place(self):
        self.assertEqual(self.run_on({"src/gibbon/nn/s/a.cpp": "#include <sqlite3.h>\n"}), (0, ""))
        for place in ("src/gibbon/nn/a.hpp", "src/gibbon/hw/a.cpp"):
            status, output = self.run_on({place: "#include <sqlite3.h>\n"})
            self.assertEqual(status, 1)
            self.assertIn("sqlite3.h belongs only in nn/*.cpp", output)

    def test_unknown_modules_are_refused(self):
        status, output = self.run_on({"src/gibbon/extra/a.cpp": ""})
        self.assertEqual((status, output),
                         (1, "src/gibbon/extra/a.cpp: module extra is not in layers.toml\n"))

    def test_long_files_are_refused(self):
        self.assertEqual(self.run_on({"tests/a.cpp": "\n" * 800}), (0, ""))
        self.assertEqual(self.run_on({"tests/a.cpp": "\n" * 801}),
                         (1, "tests/a.cpp: 801 lines, at most 800 are allowed\n"))


if __name__ == "__main__":
    unittest.main()
