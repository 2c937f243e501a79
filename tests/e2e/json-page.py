#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What commands print with --json, beside docs/json.md.

usage: json-page.py DIG ROOT   (in a repository with something to show)

Each document is valid JSON in one line of ASCII or UTF-8 without control
characters, and has no member that the page does not name, nor one of another
type than the page says. Every command that takes --json has a section, and
every section is of such a command.
"""
import json
import os
import re
import subprocess
import sys

dig, root = sys.argv[1], sys.argv[2]
TYPES = {"string": str, "integer": int, "boolean": bool, "array": list,
         "arrays": list, "object": dict, "null": type(None), "path": str}
# What to ask of each; others are asked without operands.
ASK = {
    "init": [["init", "../other"]],
    "config": [["config", "list"], ["config", "core.compression"]],
    "commit": [["commit", "-a", "-m", "third"]],
    "rev-parse": [["rev-parse", "HEAD~1..HEAD"], ["rev-parse", "--short=12",
                  "HEAD"], ["rev-parse", "--abbrev-ref", "HEAD"],
                  ["rev-parse", "--show-toplevel"]],
    "root": [["root"], ["root", "--staged"]],
    "branch": [["branch"]],
    "tag": [["tag"]],
    "status": [["status"], ["status", "--ignored"]],
    "ls-files": [["ls-files"], ["ls-files", "-o"], ["ls-files", "-m"]],
    "check-ignore": [["check-ignore", "a.o", "new"]],
    "log": [["log"], ["log", "--stat"], ["log", "--name-status", "-1"],
            ["log", "--json=lines"]],
    "blame": [["blame", "src/a.c"], ["blame", "HEAD", "src/a.c"]],
    "diff": [["diff"], ["diff", "HEAD~1", "HEAD"], ["diff", "--name-only"]],
    "show": [["show"], ["show", "v2"], ["show", "HEAD:"], ["show",
             "HEAD:src"]],
    "ls-tree": [["ls-tree", "HEAD"], ["ls-tree", "-r", "HEAD"]],
    "merge-base": [["merge-base", "HEAD", "HEAD~1"]],
    "reflog": [["reflog"], ["reflog", "main"]],
    "undo": [["undo", "--list"], ["undo"]],
    "urn": [["urn", "HEAD"]],
    "prove": [["prove", "HEAD:src/a.c"]],
}
LAST = ["commit", "undo"]  # these change something


def case(name, good, *shown):
    print("%sok - %s" % ("" if good else "not ", name))
    if not good:
        for text in shown:
            print("%s" % (text,))


class Section:
    def __init__(self, text):
        self.text = text
        self.types = {}    # name -> set of Python types
        self.names = set(re.findall(r"`([a-z_0-9]+)`", text))
        self.prefixes = set(re.findall(r"`([a-z_]+_)…`", text))
        self.others = set(re.findall(r"`dig ([a-z-]+)`", text))
        self.examples = re.findall(r"```json\n(.*?)\n```", text, re.S)
        for example in self.examples:
            self.names |= set(re.findall(r'"([a-z_0-9]+)":', example))
        for row in re.findall(r"^\|(.*)\|(.*)\|.*\|$", text, re.M):
            allowed = {TYPES[w] for w in re.findall(r"[a-z]+", row[1])
                       if w in TYPES}
            for name in re.findall(r"`([a-z_0-9]+)`", row[0]):
                self.types.setdefault(name, set()).update(allowed)


with open(os.path.join(root, "docs", "json.md"), encoding="utf-8") as file:
    parts = re.split(r"^## (.*)$", file.read(), flags=re.M)
sections = {}
for title, text in zip(parts[1::2], parts[2::2]):
    for verb in re.findall(r"dig ([a-z-]+)", title):
        sections[verb] = Section(text)
general = Section("".join(
    t for n, t in zip(parts[1::2], parts[2::2]) if not n.startswith("dig")))


def wrong_members(value, verb, where=""):
    """What in a document the page does not say."""
    if isinstance(value, list):
        return [x for v in value for x in wrong_members(v, verb, where)]
    if not isinstance(value, dict):
        return []
    mine = [sections[verb]] + [sections[o] for o in sections[verb].others
                               if o in sections]
    wrong = []
    for key, inner in value.items():
        plain = key[:-4] if key.endswith("_b64") else key
        named = any(plain in s.names or
                    any(plain.startswith(p) for p in s.prefixes)
                    for s in mine)
        # The types of a section of its own count, else those referred to.
        types = next((s.types[plain] for s in mine if s.types.get(plain)),
                     None)
        if not named:
            wrong.append("%s.%s is not on the page" % (where, key))
        elif types and not key.endswith("_b64") and type(inner) not in types:
            wrong.append("%s.%s is %r" % (where, key, inner))
        wrong += wrong_members(inner, verb, where + "." + key)
    return wrong


def check(verb, argv):
    args = list(argv)
    if not any(a.startswith("--json") for a in args):
        args.insert(1, "--json")
    done = subprocess.run([dig] + args, capture_output=True,
                          stdin=subprocess.DEVNULL)
    text = done.stdout.decode("utf-8", "strict")
    name = "dig " + " ".join(args)
    if not text and done.returncode != 0:
        error = json.loads(done.stderr.decode().splitlines()[-1])["error"]
        case(name + ": the error is an object",
             set(error) == {"code", "exit", "message", "hint"} and
             error["exit"] == done.returncode, error)
        return False
    lines = text.split("\n")
    case(name + ": one document a line", lines[-1] == "" and
         ("--json=lines" in args or len(lines) == 2), text)
    case(name + ": no control character",
         not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", text), text)
    wrong = [x for line in lines[:-1]
             for x in wrong_members(json.loads(line), verb)]
    case(name + ": as the page says", not wrong, *wrong)
    return True


with open(os.path.join(root, "cmd", "commands.def")) as file:
    commands = re.findall(
        r'DIG_COMMAND\(\w+, "([a-z-]+)",([^"]*)', file.read())
takes = [name for name, needs in commands if "DIG_NEEDS_JSON" in needs]
case("every command with --json has a section",
     set(takes) <= set(sections), set(takes) - set(sections))
case("every section is of such a command",
     set(sections) <= set(takes), set(sections) - set(takes))
for verb in sorted(takes, key=lambda v: (v in LAST, v)):
    if verb not in sections:
        continue
    asked = [check(verb, argv) for argv in ASK.get(verb, [[verb]])]
    if verb in ASK:
        case("dig %s: it was answered" % verb, all(asked))
    for example in sections[verb].examples:
        wrong = wrong_members(json.loads(example), verb)
        case("the example of dig %s" % verb, not wrong, *wrong)
