#!/usr/bin/env python3
"""Every word of the input that messages, help, info and READMEs use is one that the input has, by the program's own schema (--dump-schema)."""
import json
import os
import pathlib
import re
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ["QSTAGE_VMC"]
FILES = r"(?:h|cpp|cu|h5|json|csv|yaml|md|txt|log|lock|sh|py|bad|prev|original)"  # a word before one of these is a file, not a section


def said(*arguments):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=True).stdout


def walk(schema):
    """Every map of a JSON schema, itself first."""
    if isinstance(schema, dict):
        yield schema
    for part in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else []:
        yield from walk(part)


class Vocabulary:
    def __init__(self):
        script = said("completion", "bash")
        self.paths = set(re.search(r"'value run --help'\) echo '([^']*)'", script).group(1).split())
        maps = list(walk(json.loads(said("--dump-schema"))))
        self.names = {name for part in maps for name in part.get("properties", {}) if isinstance(part.get("properties"), dict)}
        self.words = {word for part in maps for word in [*part.get("enum", []), part.get("const")] if isinstance(word, str)}
        self.sections = {path.split(".")[0] for path in self.paths if "." in path}

    def has_path(self, path):
        """Positions in a list do not belong to a name, and a coupling may stand below `family`."""
        path = re.sub(r"\.(?:\d+|N|i|KEY)(?=\.|$)", "", path)
        above, _, last = path.rpartition(".")
        return path in self.paths or (above.endswith("family") and (last in self.names or last in ("particles", "disorder")))


def literals(source):
    """The string literals of C++ text, adjacent ones joined, with their line; raw strings, includes and comments are not among them."""
    plain = re.sub(r'R"(\w*)\((.*?)\)\1"', lambda found: "\n" * found.group(0).count("\n"), source, flags=re.S)
    plain = re.sub(r"^\s*#.*$|//.*$", "", plain, flags=re.M)
    for found in re.finditer(r'"(?:[^"\\\n]|\\.)*"(?:\s*"(?:[^"\\\n]|\\.)*")*', plain):
        text = "".join(re.findall(r'"((?:[^"\\\n]|\\.)*)"', found.group(0)))
        yield plain[: found.start()].count("\n") + 1, text


def snippets(text):
    """`{kind: x, ...}` and `key: value` in backquotes or flow maps."""
    return re.findall(r"\{[^{}]*\}", text)


# Files that may name somebody else's kind: what they say is about particular kinds.
SPEAK_OF_KINDS = {"engine/run/references.cpp", "engine/cli/import_standard.cpp", "engine/cli/import_lists.cpp"}
# Some are names of keys, words of keys or commands, too; a lattice without a kind is a chain. This list may only shrink.
STILL_NAMED = {
    "chain": {"hamiltonians/lattice.h"}, "ed": {"engine/stages/stage_options.h", "engine/stages/pretrain_entry.cpp"},
    "evaluate": {"engine/cli/option_table.cpp"}, "spinless_fermions": {"engine/input/default_document.cpp"},
    "terms": {"engine/plan/plan.cpp", "engine/stages/evaluate_entry.cpp", "hamiltonians/terms.h", "hamiltonians/terms_input.cpp"},
}


class Entries(unittest.TestCase):
    """A kind is written down once, in the file of its entry, and the table of engine/base/README.md says which files a new one takes."""

    def kinds(self, section):
        schema = json.loads(said("--dump-schema"))["definitions"][section]
        kinds = [part["kind"]["const"] for part in walk(schema) if isinstance(part.get("kind"), dict) and "const" in part["kind"]]
        self.assertGreater(len(kinds), 2, section)
        return set(kinds)

    def places(self, word):
        found = set()
        for top in ("engine", "hamiltonians", "kernels"):
            for path in (ROOT / top).rglob("*"):
                if path.suffix in (".h", ".cpp", ".cu") and any(text == word for _, text in literals(path.read_text(encoding="utf-8"))):
                    found.add(path.relative_to(ROOT).as_posix())
        return found

    def test_a_kind_is_named_in_one_file(self):
        for section, folder in (("system.lattice", "hamiltonians/"), ("system.hamiltonian", "hamiltonians/models/"),
                                ("wavefunction", "engine/wavefunctions/"), ("optimizer", "engine/optimize/"), ("system.sector", "hamiltonians/"),
                                ("stages", "engine/stages/")):
            for kind in self.kinds(section):
                places = self.places(kind) - SPEAK_OF_KINDS - STILL_NAMED.get(kind, set())
                self.assertEqual(len(places), 1, f"{section}.kind {kind} stands in {sorted(places)}")
                self.assertTrue(places.pop().startswith(folder), kind)

    def test_the_table_for_newcomers_names_files_that_exist(self):
        table = (ROOT / "engine/base/README.md").read_text(encoding="utf-8").split("| to add |")[1].split("\n\n")[0]
        files = re.findall(r"`([\w./<>]+)`", table)
        self.assertGreater(len(files), 12)
        for file in files:
            if "<" not in file:
                self.assertTrue((ROOT / file).exists(), file)


class Words(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.known = Vocabulary()

    def unknown_paths(self, text):
        roots = "|".join(sorted(self.known.sections))
        found = re.findall(rf"(?<![\w./\[])(?:{roots})(?:\.[A-Za-z_0-9]+)+", text)
        return [path for path in found if not re.search(rf"\.{FILES}(?:\.|$)", path) and not self.known.has_path(path)]

    def unknown_words(self, text):
        """Of the flow maps that look like a part of an input: keys that no section has, and values of `kind` and of choices that do not exist."""
        wrong = []
        for snippet in snippets(text):
            if not re.match(r"\{ *(?:kind|network|from|directory|files|names|size|interval|walltime)\b *:", snippet):
                continue
            for key, value in re.findall(r"([A-Za-z_]\w*) *: *([A-Za-z_]\w*)?", snippet):
                wrong += [key] if key not in self.known.names and key not in ("particles", "disorder") else []
                wrong += [value] if key == "kind" and value and value not in self.known.words else []
        return wrong

    def test_the_vocabulary_is_not_empty(self):
        for path in ("stages.optimizer.lr", "sampler.chains", "wavefunction.amplitude"):
            self.assertIn(path, self.known.paths)
        for word in ("factored_full", "determinant", "minsr", "spin_structure_factor"):
            self.assertIn(word, self.known.words)
        self.assertGreater(len(self.known.paths), 80)

    def test_wrong_words_are_found(self):
        for text in ("wavefunction.tails has an empty token", "optimizer: see stages.optimizer.beta1", "set limits.walltimes"):
            self.assertEqual(len(self.unknown_paths(text)), 1, text)
        for text in ("{kind: vit, attention: x, depths: 2}", "{kind: adam}"):
            self.assertEqual(len(self.unknown_words(text)), 1, text)
        for text in ("stages.2.optimizer.lr=0.01", "checkpoint.h5", "system.family.V", "{from: 1.0e-2, to: 1.0e-4, steps: 100}"):
            self.assertEqual(self.unknown_paths(text) + self.unknown_words(text), [], text)

    def test_messages_name_keys_that_exist(self):
        wrong, seen = [], 0
        for folder in ("engine", "hamiltonians", "kernels"):
            for path in sorted((ROOT / folder).rglob("*")):
                if path.suffix not in (".cpp", ".h", ".cu"):
                    continue
                for line, text in literals(path.read_text(encoding="utf-8")):
                    text = re.sub(r"(?<![\w.])optimizer\.", "stages.optimizer.", text)  # messages of every stage say it without the stage
                    seen += len(re.findall(r"(?:wavefunction|sampler|stages|system|limits|output)\.[a-z]", text))
                    bad = self.unknown_paths(text) + self.unknown_words(text.replace("{{", "{").replace("}}", "}"))
                    wrong += [f"{path.relative_to(ROOT)}:{line}: {word}" for word in bad]
        self.assertEqual(wrong, [])
        self.assertGreater(seen, 60, "the messages were not found")

    def test_help_and_templates_name_keys_that_exist(self):
        wrong = []
        texts = {"--help": said("--help"), "--dump-default": said("--dump-default")}
        texts.update({f"--help {path}": said("--help", path) for path in self.known.paths})
        models = re.search(r"'operand new 1'\) echo '([^']*)'", said("completion", "bash")).group(1).split()
        texts.update({f"new {model}": said("new", model) for model in models})
        for name, text in texts.items():
            wrong += [f"{name}: {word}" for word in self.unknown_paths(text) + self.unknown_words(text)]
        self.assertEqual(wrong, [])

    def test_readmes_and_inputs_name_keys_that_exist(self):
        wrong, listed = [], subprocess.run(["git", "ls-files", "*.md", "*.yaml"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
        for name in listed or [str(path.relative_to(ROOT)) for path in [*ROOT.glob("*.md"), *ROOT.glob("[a-z]*/**/README.md")]]:
            text = (ROOT / name).read_text(encoding="utf-8")
            wrong += [f"{name}: {word}" for word in self.unknown_paths(text) + self.unknown_words(text)]
        self.assertEqual(wrong, [])

    def test_every_word_of_a_readme_in_backquotes_that_looks_like_a_key_with_a_value_exists(self):
        wrong = []
        for name in ("README.md", "inputs/README.md", "inputs/qstage_paper/README.md"):
            for key, value in re.findall(r"`([a-z_]+): *([A-Za-z_]\w*)`", (ROOT / name).read_text(encoding="utf-8")):
                if key not in self.known.names or (value not in self.known.words and value not in ("true", "false")):
                    wrong.append(f"{name}: {key}: {value}")
        self.assertEqual(wrong, [])


if __name__ == "__main__":
    unittest.main()
