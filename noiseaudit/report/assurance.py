"""How sure the figures are, and by what method: sentences that depend on the estimator and on the truth."""

from __future__ import annotations

import math

from noiseaudit.formatting import decimals_for
from noiseaudit.report.log_sentences import LogSpeaker
from noiseaudit.report.rates import RateSpeaker, rate_method
from noiseaudit.report.sentences import Speaker
from noiseaudit.result import Accuracy, Estimate, Figure, OverTime, SecondDecisions

_FEW = 20
_WORDS = ("noise", "system", "level", "pattern", "stable_pattern", "occasion", "judge_level", "sd", "interval")
_WORDS_OF_LOGS = ("noise", "comparable_cases", "level", "pattern", "detectable_pattern", "occasion", "system", "bounds",
                  "assignment", "robustness_ratio", "sd", "interval")  # fmt: skip
_WORDS_OF_GROUPS = ("systemic_gap", "own_gap", "flag", "smallest_detectable_gap")


def sure_sentences(speaker: Speaker) -> list[str]:
    """What the intervals promise, how wide they are and why, error against the truth, and what all this is not."""
    if isinstance(speaker, LogSpeaker):
        return _sure_of_log(speaker)
    say, result = speaker.say, speaker.result
    sentences = []
    if result.design.estimator != "none":
        sentences.append(say(f"sure.intervals_{result.design.estimator}", confidence=speaker.confidence))
    level = result.noise.level
    if isinstance(level, Estimate) and level.sd_interval is not None and not speaker.categorical:
        low, high = level.sd_interval
        if high > 1.5 * max(low, 1e-300):
            digits = decimals_for(level.sd, level.sd_interval)
            low_text, high_text = (speaker.numerals.amount(end, speaker.unit, digits) for end in (low, high))
            sentences.append(say("sure.wide", low=low_text, high=high_text))
    if 0 < result.supplement.judges_informative < _FEW:
        sentences.append(say("sure.few", judges=speaker.numerals.count(result.supplement.judges_informative)))
    sentences += _truth(speaker)
    return [*sentences, say("sure.causes"), say("sure.cases_note")]


def _sure_of_log(speaker: LogSpeaker) -> list[str]:
    """What the intervals promise, and each thing that a log cannot show."""
    say, log, level = speaker.say, speaker.log, speaker.result.noise.level
    if log is None:
        return [say("sure.truth_unknown"), say("sure.causes")]
    sentences = []
    if isinstance(level, Estimate):
        sentences.append(say("log.sure.intervals", confidence=speaker.confidence))
        if level.sd_interval is not None and level.sd_interval[1] > 1.5 * max(level.sd_interval[0], 1e-300):
            sentences.append(speaker.wide(level))
    if speaker.result.design.judges < _FEW:
        sentences.append(say("sure.few", judges=speaker.numerals.count(speaker.result.design.judges)))
    sentences.append(say("log.sure.by_lot" if speaker.by_lot else "log.sure.not_by_lot"))
    if log.comparison.route == "none":
        sentences.append(say("log.short.no_features"))
    if isinstance(speaker, RateSpeaker):
        return [*sentences, say("log.sure.detectable"), say("rates.rest"), say("sure.causes")]
    sentences += [say("log.sure.detectable"), say("log.sure.upper")]
    if not isinstance(log.over_time, OverTime):
        sentences.append(say("log.sure.no_time", because=log.over_time.because))
    if not isinstance(log.second_decisions, SecondDecisions):
        sentences.append(say("log.sure.no_second", because=log.second_decisions.because))
    return [*sentences, *_truth(speaker), say("sure.causes" if not speaker.by_lot else "log.sure.causes_by_lot")]


def _truth(speaker: Speaker) -> list[str]:
    """The parts of the error, signed, so that they add up; and system noise where it rests on other cases too."""
    accuracy, say = speaker.result.accuracy, speaker.say
    if not isinstance(accuracy, Accuracy):
        return [say("sure.truth_unknown")]
    mse, bias, shared = accuracy.mse, accuracy.bias, accuracy.shared_case_bias
    squared = speaker.result.supplement.squared_bias
    if not (isinstance(mse, Figure) and isinstance(bias, Figure) and isinstance(squared, Figure)):
        return [say("sure.truth_unknown")]
    if not isinstance(shared, Estimate):
        return [say("sure.truth_unknown")]
    digits = decimals_for(mse.value, mse.interval)
    noise = mse.value - squared.value - shared.variance
    text = {
        name: speaker.numerals.plain(value, digits)
        for name, value in {
            "mse": mse.value, "squared": squared.value, "shared": shared.variance, "noise": noise,
        }.items()
    }  # fmt: skip
    value, bracket = speaker.figure(bias)
    sentences = [say("sure.truth_known", **text, mse_interval=speaker.figure(mse)[1], bias=value, interval=bracket)]
    overall = accuracy.noise
    if isinstance(overall, Estimate) and not math.isclose(overall.variance, noise, rel_tol=1e-6, abs_tol=1e-12):
        sentences.append(say("sure.truth_other", noise=speaker.numerals.plain(overall.variance, digits)))
    return sentences


def estimator_sentences(speaker: Speaker) -> list[str]:
    """The estimator with its assumption, and how its intervals are made."""
    if isinstance(speaker, LogSpeaker):
        return _method_of_log(speaker)
    say, estimator = speaker.say, speaker.result.design.estimator
    name = say(f"method.estimator_{estimator}")
    if estimator == "none":
        return [say("method.estimator", name=name)]
    key = {"fe": "method.estimator", "wcu": "method.estimator_random"}.get(estimator, "method.estimator_lot")
    return [say(key, name=name), say(f"method.interval_{estimator}", confidence=speaker.confidence)]


def _method_of_log(speaker: LogSpeaker) -> list[str]:
    """The route, the estimators of level, detectable pattern and bounds, and the test of assignment."""
    say, log = speaker.say, speaker.log
    if log is None:
        return [say("log.method.none")]
    if isinstance(speaker, RateSpeaker):
        return rate_method(speaker)
    sentences = [say(f"log.method.route_{log.comparison.route}")]
    if log.comparison.learner is not None:
        sentences.append(say("log.method.learner", name=log.comparison.learner))
    sentences.append(say("log.method.level_pools" if log.comparison.pools is not None else "log.method.level"))
    sentences += [say("log.method.interval", confidence=speaker.confidence)]
    sentences += [say(f"log.method.{name}") for name in ("detectable", "bounds", "assignment", "sensitivity")]
    if isinstance(log.over_time, OverTime):
        sentences.append(say("log.method.time"))
    return sentences


def glossary(speaker: Speaker) -> list[str]:
    """The words that this report uses."""
    more = _WORDS_OF_GROUPS if speaker.result.supplement.groups is not None else ()
    if not isinstance(speaker, LogSpeaker):
        return [speaker.say(f"glossary.{word}") for word in (*_WORDS, *more)]
    words = [speaker.say(f"glossary.{word}") for word in (*_WORDS_OF_LOGS, *more)]
    return [*words, speaker.say("log.method.judge_level")]
