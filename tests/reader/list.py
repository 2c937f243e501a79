# SPDX-License-Identifier: MIT
"""Mode, size, SHA-256 and name of every file below a folder, a line each."""
import hashlib
import os
import sys

lines = []
for folder, dirs, names in os.walk(os.fsencode(sys.argv[1])):
    dirs[:] = [d for d in dirs
               if d != b".dig" and not os.path.islink(folder + b"/" + d)]
    for name in sorted(set(names) | set(os.listdir(folder)) - set(dirs)):
        path = folder + b"/" + name
        if name == b".dig":
            continue
        link = os.path.islink(path)
        if link:
            data = os.readlink(path)
        else:
            with open(path, "rb") as file:
                data = file.read()
        mode = ("120000" if link else
                "100755" if os.stat(path).st_mode & 64 else "100644")
        shown = path[len(os.fsencode(sys.argv[1])) + 1:].decode("latin-1")
        lines.append((shown, f"{mode} {len(data)} "
                      f"{hashlib.sha256(data).hexdigest()} "
                      f"{shown.encode('unicode_escape').decode()}"))
print("\n".join(line for _, line in sorted(lines)))
