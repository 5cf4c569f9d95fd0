"""Tails by plain summation: slow, and nothing shared with the program under test."""
import math


def negative_binomial_mass(count, mean, size):
    """Poisson where size is None."""
    if mean == 0:
        return 1.0 if count == 0 else 0.0
    if size is None:
        return math.exp(count * math.log(mean) - mean - math.lgamma(count + 1))
    rising = math.fsum(math.log1p(step / size) for step in range(count))      # ln((size)_count / size^count)
    return math.exp(rising - math.lgamma(count + 1) - (size + count) * math.log1p(mean / size) + count * math.log(mean))


def upper_mid(observed, mean, size):
    """P(X > observed) + P(X = observed)/2."""
    mass = negative_binomial_mass(observed, mean, size)
    if observed < mean:
        below = math.fsum(negative_binomial_mass(count, mean, size) for count in range(observed))
        return 1 - below - mass / 2
    terms, count, term = [mass / 2], observed, mass
    while term > 1e-18 * terms[0] and term > 0:
        term *= mean / (count + 1) if size is None else (count + size) / (count + 1) * mean / (mean + size)
        count += 1
        terms.append(term)
    return math.fsum(terms)


def gamma_upper(shape, point):
    """Q(shape, point) by the series below and the continued fraction above the mean."""
    if point <= 0:
        return 1.0
    front = math.exp(shape * math.log(point) - point - math.lgamma(shape))
    if point < shape + 1:
        term = total = 1.0 / shape
        step = shape
        while abs(term) > abs(total) * 1e-17:
            step += 1
            term *= point / step
            total += term
        return 1 - total * front
    b, c = point + 1 - shape, 1e300
    d = 1 / b
    fraction = d
    for index in range(1, 100000):
        a = -index * (index - shape)
        b += 2
        d = 1 / (a * d + b)
        c = b + a / c
        fraction *= d * c
        if abs(d * c - 1) < 1e-16:
            break
    return front * fraction


def normal_lower(z):
    return math.erfc(-z / math.sqrt(2)) / 2


def benjamini_hochberg(p_values):
    order = sorted(range(len(p_values)), key=lambda index: p_values[index], reverse=True)
    out, least = [1.0] * len(p_values), 1.0
    for place, index in enumerate(order):
        least = min(least, p_values[index] * len(p_values) / (len(p_values) - place))
        out[index] = least
    return out
