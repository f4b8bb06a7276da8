"""What a disk may hold after a loss of power, from the log of qs_fault_shim (QSTAGE_FAULT_LOG).

POSIX promises the content of a file after its fsync and a name after the fsync of its directory. Of all later calls any may be on the disk or not:
names one by one in any choice, the bytes of a file up to any length.
"""


class File:
    def __init__(self):
        self.content = b""
        self.durable = b""
        self.pending = []  # contents after each write or cut since the last fsync


def operations(path):
    """(kind, arguments, data) of every record."""
    with open(path, "rb") as file:
        log = file.read()
    found, at = [], 0
    while at < len(log):
        end = log.index(b"\n", at)
        kind, _, rest = log[at:end].decode().partition(" ")
        at = end + 1
        data = b""
        if kind == "W":
            inode, offset, length = (int(word) for word in rest.split())
            data, at = log[at : at + length], at + length
            arguments = (inode, offset)
        elif kind in "ST":
            arguments = tuple(int(word) for word in rest.split())
        elif kind == "C":
            inode, _, name = rest.partition(" ")
            arguments = (int(inode), name)
        else:
            arguments = tuple(rest.split("\t")) if rest else ()
        found.append((kind, arguments, data))
    return found


class Disk:
    """Replays a prefix of the log, then crashes."""

    def __init__(self, records):
        self.names, self.durable_names, self.pending_names = {}, {}, []
        self.files = {}  # by inode
        for kind, arguments, data in records:
            self.apply(kind, arguments, data)

    def apply(self, kind, arguments, data):
        if kind == "C":
            inode, name = arguments
            if self.names.get(name) is None or self.names[name] is not self.files.get(inode):
                self.files[inode] = File()
                self.name(name, self.files[inode])
        elif kind in "WT":
            file = self.files[arguments[0]]
            if kind == "T":
                file.content = file.content[: arguments[1]].ljust(arguments[1], b"\0")
            else:
                offset = arguments[1]
                file.content = file.content[:offset].ljust(offset, b"\0") + data + file.content[offset + len(data) :]
            file.pending.append(file.content)
        elif kind == "S":
            file = self.files[arguments[0]]
            file.durable, file.pending = file.content, []
        elif kind == "D":
            self.durable_names, self.pending_names = dict(self.names), []
        elif kind == "R":
            file = self.names[arguments[0]]
            if self.names.get(arguments[1]) is not file:  # two names of one file: a rename does nothing
                self.forget_and_name(arguments[0], arguments[1], file)
        elif kind == "L":
            self.name(arguments[1], self.names[arguments[0]])
        elif kind == "U":
            self.name(arguments[0], None)

    def name(self, name, file):
        self.change({name: file})

    def forget_and_name(self, old, new, file):
        self.change({old: None, new: file})

    def change(self, names):
        self.pending_names.append(names)
        self.names.update(names)

    def crash(self, generator):
        """{name: bytes} of one disk that may be found."""
        in_order = generator.random() < 0.5  # a journal keeps the order of names, POSIX does not ask for it
        kept = generator.randint(0, len(self.pending_names))
        names = dict(self.durable_names)
        for position, change in enumerate(self.pending_names):
            if position < kept if in_order else generator.random() < 0.5:
                names.update(change)
        found = {}
        contents = {}
        for name, file in names.items():
            if file is None:
                continue
            if id(file) not in contents:
                contents[id(file)] = self.surviving(file, generator)
            found[name] = contents[id(file)]
        return found

    @staticmethod
    def surviving(file, generator):
        content = generator.choice([file.durable, *file.pending])
        if file.pending and generator.random() < 0.5:  # the last block did not make it, or only its length did
            cut = generator.randint(0, len(content))
            kept = max(cut, min(len(file.durable), len(content))) if content.startswith(file.durable) else cut
            content = content[:kept] + (b"\0" * (len(content) - kept) if generator.random() < 0.5 else b"")
        return content
