"""unseen.py STAMPS TEXT... -- FILE... - prints `KEY FILE` for each FILE that has no stamp STAMPS/KEY.

The key is a hash of what a check of that file looks at: the file, every header of ours that it includes (as the compiler
wrote into build/gcc/FILE.d) and the TEXTs, which are the checker's version, flags and configuration. A header that
changed makes the files unseen that include it, and no others. A file without a .d is always unseen.
"""
import hashlib
import os
import sys


def digest(data):
    return hashlib.sha256(data).hexdigest()


def content(path, seen={}):
    if path not in seen:
        with open(path, "rb") as f:
            seen[path] = digest(f.read())
    return seen[path]


def reads(file):
    """The files that were read to compile this one, or None when the compiler did not say."""
    try:
        with open("build/gcc/" + file[:-2] + ".d", encoding="utf-8") as f:
            rule = f.read().replace("\\\n", " ").split("\n", 1)[0]
    except FileNotFoundError:
        return None
    return rule.split(":", 1)[1].split()


def main():
    at = sys.argv.index("--")
    stamps, texts, files = sys.argv[1], sys.argv[2:at], sys.argv[at + 1:]
    for file in files:
        needs = reads(file)
        if needs is None:
            print("-", file)
            continue
        parts = texts + [name + " " + content(name) for name in [file] + sorted(needs)]
        key = digest("\n".join(parts).encode())
        if not os.path.exists(os.path.join(stamps, key)):
            print(key, file)


if __name__ == "__main__":
    main()
