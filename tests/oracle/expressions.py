"""The rule language's expressions with three truth values, by a small recursive descent (docs/rules.md)."""
import re

import records

TOKEN = re.compile(r'\s*(?:(==|!=|<=|>=|=~|[<>()\[\],+\-])|"((?:[^"\\]|\\.)*)"|(\$?[A-Za-z_]\w*)|'
                   r'(\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d:\d\d)?|\d+(?:\.\d+)?))')


def tokens_of(text):
    out, at, text = [], 0, text.strip()
    while at < len(text):
        found = TOKEN.match(text, at)
        assert found, text[at:]
        operator, string, word, number = found.groups()
        out.append(("op", operator) if operator else ("string", string) if string is not None
                   else ("word", word) if word else ("number", number))
        at = found.end()
    return out + [("end", "")]


class Parser:
    """Gives a function of (claim, member) -> True, False or None; member(field, value, set) asks the tables."""

    def __init__(self, text):
        self.tokens, self.at = tokens_of(text), 0
        self.whole = self.either()
        assert self.peek() == ("end", ""), self.peek()

    def peek(self):
        return self.tokens[self.at]

    def take(self, *expected):
        token = self.tokens[self.at]
        if expected and token[1] not in expected:
            return None
        self.at += 1
        return token[1]

    def either(self):
        sides = [self.both()]
        while self.peek() == ("word", "or"):
            self.take()
            sides.append(self.both())

        def run(claim, member):
            truths = [side(claim, member) for side in sides]
            return True if True in truths else None if None in truths else False
        return run if len(sides) > 1 else sides[0]

    def both(self):
        sides = [self.negation()]
        while self.peek() == ("word", "and"):
            self.take()
            sides.append(self.negation())

        def run(claim, member):
            truths = [side(claim, member) for side in sides]
            return False if False in truths else None if None in truths else True
        return run if len(sides) > 1 else sides[0]

    def negation(self):
        if self.peek() == ("word", "not"):
            self.take()
            inner = self.negation()

            def run(claim, member):
                truth = inner(claim, member)
                return None if truth is None else not truth
            return run
        return self.comparison()

    def comparison(self):
        if self.peek() == ("op", "("):
            mark = self.at
            self.take()
            inner = self.either()
            if self.take(")") and self.peek()[1] not in ("+", "-", "==", "!=", "<", "<=", ">", ">="):
                return inner
            self.at = mark
        if self.peek() == ("word", "present"):
            self.take()
            self.take("(")
            name = self.take()
            self.take(")")
            return lambda claim, member: name in claim
        left = self.sum()
        operator = self.take()
        if operator == "not":
            self.take("in")
            inner = self.membership(left)
            return lambda claim, member: (lambda t: None if t is None else not t)(inner(claim, member))
        if operator == "in":
            return self.membership(left)
        if operator == "between":
            low = self.sum()
            self.take("and")
            return self.between(left, low, self.sum())
        right = self.sum()
        return self.compare(left, operator, right)

    @staticmethod
    def between(left, low, high):
        def run(claim, member):
            kind, value = left(claim)
            if value is None:
                return None
            bounds = [as_kind(kind, *side(claim)) for side in (low, high)]
            return None if None in bounds else bounds[0] <= value <= bounds[1]
        return run

    @staticmethod
    def compare(left, operator, right):
        def run(claim, member):
            (kind, a), (other, b) = left(claim), right(claim)
            if a is None or b is None:
                return None
            if operator == "=~":
                return re.search(b, a) is not None
            if kind == "literal":
                kind, a = other, as_kind(other, "literal", a)
            b = as_kind(kind, other, b)
            return {"==": a == b, "!=": a != b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[operator]
        return run

    def membership(self, left):
        if self.take("["):
            values = []
            while not self.take("]"):
                values.append(self.take())
                self.take(",")

            def run(claim, member):
                kind, value = left(claim)
                return None if value is None else value in [as_kind(kind, "literal", v) for v in values]
            return run
        name = self.take()[1:]
        field = left.field

        def run(claim, member):
            return None if claim.get(field) is None else member(field, claim[field], name)
        return run

    def sum(self):
        terms = [(1, self.term())]
        while self.peek()[1] in ("+", "-") and self.peek()[0] == "op":
            sign = 1 if self.take() == "+" else -1
            terms.append((sign, self.term()))
        if len(terms) == 1:
            return terms[0][1]

        def run(claim):
            values = [(sign, as_kind("amount", *term(claim))) for sign, term in terms]
            if any(value is None for _, value in values):
                return "amount", None
            return "amount", sum(sign * value for sign, value in values)
        return run

    def term(self):
        kind, text = self.peek()
        self.take()
        if kind in ("string", "number"):
            return lambda claim: ("literal", text)
        if text == "(":
            inner = self.sum()
            self.take(")")
            return inner
        if text == "default":
            self.take("(")
            name = self.take()
            self.take(",")
            fallback = self.sum()
            self.take(")")
            kind = records.SETTLEMENT[name]
            return lambda claim: (kind, claim[name] if name in claim else as_kind(kind, *fallback(claim)))
        kind = records.SETTLEMENT[text]

        def run(claim):
            return kind, claim.get(text)
        run.field = text
        return run


def as_kind(kind, own, value):
    """A literal as a value of the field it is compared with."""
    if own != "literal" or value is None:
        return value
    if kind == "amount":
        return records.fen(value, None)
    if kind == "code":
        return records.code(value, None)
    if kind == "date":
        return records.day_number(value, None)
    if kind == "time":
        return records.seconds(value if len(value) > 10 else value + " 00:00:00", None)
    return value


def compile_text(text):
    return Parser(text).whole
