"""Applying the stream combination of a wave to every figure of every street.

The public score decides the weights; indicators, shares and the mapped index use the same ones,
so that what adds up within a stream adds up in the combination (method §5).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from analysis.estimate import interval_estimate, satterthwaite, suppress_index, suppress_public
from analysis.policy import OPEN, RANDOM, Policy
from analysis.shares import wilson_estimate
from analysis.streams import StreamBias, bias_of, combine, random_share
from analysis.types import Estimate, FloatArray, Shares, StreamResult

Part = Callable[[StreamResult], Estimate | None]
Pair = tuple[Estimate, Estimate]
SHARES = ("satisfied", "satisfied_strict", "dissatisfied", "dont_know")
MISSING = Estimate(None, None, None, 0, 0.0, "no_answers")


def is_usable(result: StreamResult | None, policy: Policy) -> bool:
    """Whether a stream can be combined: a public score with a standard error above 0 (it can be 0
    only without the variance floor) on enough answers to every indicator."""
    if result is None or not result.public.se:
        return False
    used = [name for name, weight in policy.omega.items() if weight > 0]
    return all(result.indicators[name].n >= policy.min_stream_n for name in used)


class StreamCombiner:
    """Combined figures of all streets, as dictionaries by street code.

    ``phi`` has the streets with at least one stream that can be used; ``covariances`` maps
    ``None`` (public score) and each indicator to its (S, S) matrix in the order of ``streams``.
    """

    def __init__(
        self,
        streams: Mapping[str, Mapping[str, StreamResult]],
        bias: StreamBias,
        both: Sequence[str],
        policy: Policy,
    ) -> None:
        self.streams = streams
        self.bias = bias
        self.both = tuple(both)
        self.policy = policy
        self.phi = self.shares_of_random()
        self.covariances: dict[str | None, FloatArray] = {}
        self.public = self.combine_index(lambda s: s.public, None)
        self.sampling_ratio = {code: self.sampling_part(code) for code in self.phi}
        found = [s for every in streams.values() for s in every.values()]
        names = list(dict.fromkeys(name for s in found for name in s.indicators))
        by_name = {name: self.combine_index(indicator_of(name), name) for name in names}
        self.indicators = {
            code: {name: by_name[name].get(code, MISSING) for name in names} for code in streams
        }
        self.shares = self.combine_all_shares(found)
        self.public_shares = self.combine_shares(lambda s: s.public_shares)

    def shares_of_random(self) -> dict[str, float]:
        """φ of each street: 1 with A only, 0 with B only; absent without a usable stream."""
        phi = {}
        for code, streams in self.streams.items():
            usable = {s: r.public.variance for s, r in streams.items() if is_usable(r, self.policy)}
            if RANDOM in usable and OPEN in usable:
                pair = np.array([usable[RANDOM]], float), np.array([usable[OPEN]], float)
                phi[code] = float(random_share(*pair, self.bias.tau2)[0])
            elif usable:
                phi[code] = 1.0 if RANDOM in usable else 0.0
        return phi

    def pairs(self, part: Part) -> dict[str, Pair]:
        """A figure of every street in (A, B), ``MISSING`` where it is not there."""
        found = {}
        for code, streams in self.streams.items():
            random, open_ = streams.get(RANDOM), streams.get(OPEN)
            found[code] = (
                (part(random) if random is not None else None) or MISSING,
                (part(open_) if open_ is not None else None) or MISSING,
            )
        return found

    def codes_with(self, pairs: Mapping[str, Pair]) -> list[str]:
        """Streets whose used streams all have this figure."""
        return [
            code
            for code, phi in self.phi.items()
            if (phi == 0 or pairs[code][0].value is not None)
            and (phi == 1 or pairs[code][1].value is not None)
        ]

    def shift(self, pairs: Mapping[str, Pair]) -> tuple[float, float]:
        """δ and V_δ of a figure over the streets with both streams (shares: V_δ unused)."""
        every = [pairs[code] for code in self.both]
        held = [i for i, (a, b) in enumerate(every) if a.value is not None and b.value is not None]
        if not held:
            return 0.0, 0.0
        both = [every[i] for i in held]
        difference = np.array([(b.value or 0.0) - (a.value or 0.0) for a, b in both], np.float64)
        variance = np.array(
            [(a.variance or 0.0) + (b.variance or 0.0) for a, b in both], np.float64
        )
        kept = StreamBias(
            self.bias.delta,
            self.bias.variance_delta,
            self.bias.tau2,
            self.bias.tau2_unfloored,
            self.bias.q,
            self.bias.weights[held],
        )
        return bias_of(difference, variance, kept)

    def combine_index(self, part: Part, name: str | None) -> dict[str, Estimate]:
        """An index figure of all streets, with covariance kept under ``name``."""
        pairs = self.pairs(part)
        codes = self.codes_with(pairs)
        delta, variance_delta = self.shift(pairs)
        columns = [[pairs[code][s] for code in codes] for s in (0, 1)]
        value_a, value_b = (np.array([e.value or 0.0 for e in c]) for c in columns)
        var_a, var_b = (np.array([e.variance or 0.0 for e in c]) for c in columns)
        found = combine(
            value_a,
            var_a,
            value_b,
            var_b,
            phi=np.array([self.phi[code] for code in codes]),
            delta=delta,
            variance_delta=variance_delta,
            tau2=self.bias.tau2,
        )
        place = [list(self.streams).index(code) for code in codes]
        full = np.zeros((len(self.streams), len(self.streams)))
        full[np.ix_(place, place)] = found.covariance
        self.covariances[name] = full
        return {
            code: self.index_estimate(
                float(found.value[i]),
                float(found.covariance[i, i]),
                float(found.phi[i]),
                columns[0][i],
                columns[1][i],
                suppressed=self.suppression(code, name, columns[0][i], columns[1][i]),
            )
            for i, code in enumerate(codes)
        }

    def suppression(
        self, code: str, name: str | None, random: Estimate, open_: Estimate
    ) -> str | None:
        """Suppression of a combined index on the answers of the streams that are used."""
        phi = self.phi[code]
        if name is not None:
            return suppress_index(combined_n(phi, random, open_), self.policy)
        streams = self.streams[code]
        used = [streams[s] for s, w in ((RANDOM, phi), (OPEN, 1 - phi)) if w > 0]
        names = [k for k, weight in self.policy.omega.items() if weight > 0]
        return suppress_public([sum(r.indicators[k].n for r in used) for k in names], self.policy)

    def index_estimate(
        self,
        value: float,
        variance: float,
        phi: float,
        random: Estimate,
        open_: Estimate,
        *,
        suppressed: str | None,
    ) -> Estimate:
        """One combined index; the value is cut to [0, 100] after the shift by δ.

        n_eff is Kish's for weights φ and 1−φ on the two streams; the degrees of freedom are
        Satterthwaite's, with what is known of the bias taken as known.
        """
        rest = 1 - phi
        parts = [
            (weight**2 * (e.variance or 0.0), max(1.0, e.df or 0.0))
            for weight, e in ((phi, random), (rest, open_))
        ]
        known = max(0.0, variance - sum(v for v, _ in parts))
        return interval_estimate(
            min(100.0, max(0.0, value)),
            variance,
            satterthwaite([*parts, (known, math.inf)]),
            n=combined_n(phi, random, open_),
            n_eff=combined_n_eff(phi, random, open_),
            policy=self.policy,
            random=phi == 1,
            suppressed=suppressed,
            # With the random stream alone it is the mean of one stream, as anywhere else.
            bounded=phi == 1,
        )

    def combine_all_shares(self, found: Sequence[StreamResult]) -> dict[str, dict[str, Shares]]:
        """Shares of every indicator, by street and indicator."""
        names = list(dict.fromkeys(name for s in found for name in s.shares))
        by_name = {name: self.combine_shares(shares_of(name)) for name in names}
        return {
            code: {name: by_name[name][code] for name in names if code in by_name[name]}
            for code in self.streams
        }

    def combine_shares(self, part: Callable[[StreamResult], Shares | None]) -> dict[str, Shares]:
        """The shares one ``part`` gives, combined for every street that has them."""
        columns = {name: self.combine_share(field_of(part, name)) for name in SHARES}
        mapped = self.combine_index(field_of(part, "mapped_index"), "mapped_index")
        del self.covariances["mapped_index"]
        return {
            code: Shares(
                **{name: columns[name].get(code, MISSING) for name in SHARES},
                mapped_index=mapped.get(code, MISSING),
            )
            for code in columns["dont_know"]
        }

    def sampling_part(self, code: str) -> float:
        """Sampling variance of a street's public score as a part of all its variance, 0..1."""
        phi, streams = self.phi[code], self.streams[code]
        sampling = sum(
            weight**2 * (streams[s].public.variance or 0.0)
            for weight, s in ((phi, RANDOM), (1 - phi, OPEN))
            if s in streams
        )
        whole = self.public[code].variance or 0.0
        return sampling / whole if whole > 0 else 1.0

    def combine_share(self, part: Part) -> dict[str, Estimate]:
        """φp_A + (1−φ)(p_B − δ_p), Wilson at an n_eff that carries the public score's bias.

        n_eff is reduced by the ratio of the sampling variance to the whole variance of the
        street's public score, so a share is not sharper than the score it stands beside.
        """
        pairs = self.pairs(part)
        delta, _ = self.shift(pairs)
        combined = {}
        for code in self.codes_with(pairs):
            phi = self.phi[code]
            a, b = pairs[code]
            share = phi * (a.value or 0.0) + (1 - phi) * ((b.value or 0.0) - delta)
            n_eff = combined_n_eff(phi, a, b) * self.sampling_ratio[code]
            combined[code] = wilson_estimate(
                min(1.0, max(0.0, share)),
                combined_n(phi, a, b),
                n_eff,
                policy=self.policy,
                random=phi == 1,
            )
        return combined


def combined_n(phi: float, random: Estimate, open_: Estimate) -> int:
    """Answers of the streams that are used."""
    return (random.n if phi > 0 else 0) + (open_.n if phi < 1 else 0)


def combined_n_eff(phi: float, random: Estimate, open_: Estimate) -> float:
    """1 / (φ²/n_A + (1−φ)²/n_B) in effective sizes: Kish over both streams."""
    inverse = 0.0
    for weight, e in ((phi, random), (1 - phi, open_)):
        if weight > 0 and e.n_effective > 0:
            inverse += weight**2 / e.n_effective
    return 1 / inverse if inverse > 0 else 0.0


def indicator_of(name: str) -> Part:
    """How to pick an indicator's estimate from a stream."""
    return lambda result: result.indicators.get(name)


def shares_of(name: str) -> Callable[[StreamResult], Shares | None]:
    """How to pick an indicator's shares from a stream."""
    return lambda result: result.shares.get(name)


def field_of(part: Callable[[StreamResult], Shares | None], name: str) -> Part:
    """The estimate ``name`` of the shares that ``part`` gives."""

    def pick(result: StreamResult) -> Estimate | None:
        shares = part(result)
        return None if shares is None else getattr(shares, name)

    return pick
