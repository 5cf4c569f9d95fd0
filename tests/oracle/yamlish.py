"""A reader for the strict YAML that rule files are written in: block and flow mappings and lists, plain and quoted
scalars over several lines, folded and literal text, comments.  Every scalar is text."""
import re


class Reader:
    def __init__(self, text):
        self.text, self.at = text.lstrip("\ufeff").replace("\r\n", "\n"), 0

    def column(self):
        return self.at - (self.text.rfind("\n", 0, self.at) + 1)

    def peek(self, length=1):
        return self.text[self.at:self.at + length]

    def skip(self):
        """Over spaces, line ends and comments."""
        while self.at < len(self.text):
            if self.text[self.at] in " \n":
                self.at += 1
            elif self.text[self.at] == "#" and (self.at == 0 or self.text[self.at - 1] in " \n"):
                end = self.text.find("\n", self.at)
                self.at = len(self.text) if end < 0 else end
            else:
                return

    def node(self, parent):
        """The node at the next thing that is not blank; parent is the column it must be right of."""
        self.skip()
        column = self.column()
        if self.at >= len(self.text) or column <= parent:
            return ""
        char = self.peek()
        if char in "|>":
            return self.block_text(parent)
        if self.peek(2) in ("- ", "-\n"):
            return self.block_list(column)
        if char not in "{[" and self.key_ahead():
            return self.block_map(column)
        if char in "{[":
            return self.flow()
        if char in "\"'":
            return self.quoted()
        return self.plain(parent)

    def key_ahead(self):
        rest = self.text[self.at:self.text.find("\n", self.at) % (len(self.text) + 1)]
        return re.match(r"""("[^"]*"|'[^']*'|[^\s"'{\[#:][^#:]*)\s*:(\s|$)""", rest) is not None

    def key(self):
        if self.peek() in "\"'":
            name = self.quoted()
        else:
            end = re.compile(r"\s*:").search(self.text, self.at).start()
            name, self.at = self.text[self.at:end], end
        self.at = self.text.index(":", self.at) + 1
        return name

    def block_map(self, column):
        out = {}
        while True:
            self.skip()
            if self.at >= len(self.text) or self.column() != column:
                return out
            name = self.key()
            assert name not in out, f"repeated key {name}"
            self.skip_inline()
            start = self.at
            self.skip()
            if self.peek(2) == "- " and self.column() == column:
                out[name] = self.block_list(column)
            else:
                self.at = start
                out[name] = self.node(column)

    def skip_inline(self):
        while self.peek() == " ":
            self.at += 1

    def block_list(self, column):
        out = []
        while True:
            self.skip()
            if self.at >= len(self.text) or self.column() != column or self.peek(2) not in ("- ", "-\n"):
                return out
            self.at += 1
            out.append(self.node(column))

    def block_text(self, parent):
        folded = self.peek() == ">"
        end = self.text.index("\n", self.at)
        keep_end = "-" not in self.text[self.at:end]
        self.at = end + 1
        lines = []
        while self.at < len(self.text):
            end = self.text.find("\n", self.at)
            end = len(self.text) if end < 0 else end
            line = self.text[self.at:end]
            if line.strip() and len(line) - len(line.lstrip(" ")) <= parent:
                break
            lines.append(line.strip())
            self.at = end + 1
        while lines and not lines[-1]:
            lines.pop()
        return (" " if folded else "\n").join(lines) + ("\n" if keep_end else "")

    def flow(self):
        opening = self.peek()
        self.at += 1
        out = {} if opening == "{" else []
        closing = "}" if opening == "{" else "]"
        while True:
            self.skip()
            if self.peek() == closing:
                self.at += 1
                return out
            if self.peek() == ",":
                self.at += 1
            elif opening == "[":
                out.append(self.flow_value())
            else:
                name = self.key()
                assert name not in out, f"repeated key {name}"
                out[name] = self.flow_value()

    def flow_value(self):
        self.skip()
        if self.peek() in "{[":
            return self.flow()
        if self.peek() in "\"'":
            return self.quoted()
        end = re.compile(r"[,}\]]|\s#").search(self.text, self.at).start()
        value, self.at = self.text[self.at:end], end
        return re.sub(r"\s*\n\s*", " ", value).strip()

    def quoted(self):
        quote = self.peek()
        self.at += 1
        out = []
        while self.peek() != quote or (quote == "'" and self.peek(2) == "''"):
            char = self.peek()
            if quote == "'" and char == "'":
                self.at += 1
            elif quote == '"' and char == "\\":
                self.at += 1
                char = {"n": "\n", "t": "\t"}.get(self.peek(), self.peek())
            out.append(char)
            self.at += 1
        self.at += 1
        return re.sub(r"[ ]*\n[ ]*", " ", "".join(out))

    def plain(self, parent):
        parts = []
        while True:
            end = re.compile(r"\s#|\n|$").search(self.text, self.at).start()
            parts.append(self.text[self.at:end].strip())
            self.at = end
            before = self.at
            self.skip()
            if self.at >= len(self.text) or self.column() <= parent:
                return " ".join(parts)
            if self.text.find("#", before, self.at) >= 0:
                return " ".join(parts)


def load(text):
    return Reader(text).node(-1)
