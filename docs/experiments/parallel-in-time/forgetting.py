"""How fast the AR-flow recurrence forgets its start, and how many Newton iterations find all of it at once.

  forgetting.py RUN... > results.json

RUN is a folder of `bss fit` (prior.kind = ar-flow, a linear encoder); all its restarts count, and the recording is read
from where its config.toml says, seen from the current folder. The priors of the benchmarks' random parameters
(H = 8, 16, 32; 16 chains of 10 000 steps) come first. All seeds are 0. Needs numpy and safetensors. One chain is one
source of one restart, and stands on the last axis. Single precision, with sums in a fixed order, counts how long a wrong
start shows; double precision counts Newton's iterations.
"""
import itertools, json, pathlib, sys, tomllib
import numpy as np
from safetensors.numpy import load_file

KAPPA, STARTS, LIMIT, NEAR, MOST, RESIDUAL, LANES = .8, 100, 4000, 1e-5, 100, 1e-6, 2 * 16
NEWTON = {'newton': ('full', 1, False), 'newton, clipped': ('full', 1, True),      # kind, damping, h kept in [-1, 1]?
          'diagonal, clipped': ('diagonal', 1, True), 'damped by 0.7, clipped': ('full', .7, True)}


def random_chains(H, n=16, steps=10_000):
    rng, zero = np.random.default_rng(0), np.zeros(n)
    p = dict(a=np.linspace(.1, .9, n), log_sigma=zero, w_b=.1 * rng.normal(size=(n, H)), c_b=zero,
             w_alpha=.1 * rng.normal(size=(n, H)), c_alpha=zero, w_h=.3 * rng.normal(size=(n, H, H)) / H ** .5,
             w_eps=.5 * rng.normal(size=(n, H)), c_h=.1 * rng.normal(size=(n, H)))
    return p, rng.normal(size=(steps, n)), n


def trained_chains(run):
    """The priors of all restarts on a draw from their posterior, as a step of training sees them."""
    data = tomllib.loads((run / 'config.toml').read_text())['data']
    state, model = (load_file(run / f'{name}.safetensors') for name in ('state', 'model'))
    first, last = map(int, data.get('columns', '0-999').split('-'))
    x = np.concatenate([np.load(path)['mixture'] if path.endswith('.npz') else np.loadtxt(path)[:, first:last + 1]
                        for path in data['inputs']])
    z = (x - model['whitening.mean']) @ model['whitening.matrix']
    q = {k.removeprefix('parameter.'): v.astype(np.float64) for k, v in state.items() if k.startswith('parameter.')}
    s = z @ q['encoder.weight'] + q['encoder.bias'][:, None]                                     # (restarts, R, n)
    s += np.exp(.5 * q['posterior.log_variance'])[:, None] * np.random.default_rng(0).normal(size=s.shape)
    p = {k.removeprefix('prior.'): v.reshape(-1, *v.shape[2:]) for k, v in q.items() if k.startswith('prior.')}
    p = {k: v[:, 0] if k in ('a', 'log_sigma', 'c_b', 'c_alpha') else v for k, v in p.items()}
    return p, s.swapaxes(0, 1).reshape(s.shape[1], -1), s.shape[2]


def pick(p, chains, dtype):
    return {k: np.ascontiguousarray(v[..., chains].astype(dtype)) for k, v in p.items()}


def step(p, h, u):
    """Equations 15-20 for h (H, ...) and u (...): the next h, and ε, exp(-α), tanh of 17."""
    b, alpha, z = p['c_b'], p['c_alpha'], p['c_h']
    for k in range(len(h)):
        b, alpha, z = b + p['w_b'][k] * h[k], alpha + p['w_alpha'][k] * h[k], z + p['w_h'][:, k] * h[k]
    gate = np.tanh(alpha)
    scale = np.exp(-h.dtype.type(KAPPA) * gate)
    eps = (u - b) * scale
    return np.tanh(z + p['w_eps'] * eps), eps, scale, gate


def sweep(p, u):
    """All steps in turn, from zero: h before each and after the last, (R, H, chains), and the rest that `step` gives."""
    h, rest = np.zeros((len(u) + 1, *p['c_h'].shape), u.dtype), np.zeros((3, *u.shape), u.dtype)
    for r in range(len(u)):
        h[r + 1], *rest[:, r] = step(p, h[r], u[r])
    return h, *rest


def score(p, eps):
    """The slope of the base's log density."""
    if 'base.logits' not in p:
        return -eps
    z = (eps[:, None] - p['base.means']) * np.exp(-p['base.log_scales'])
    terms = np.exp(p['base.logits'] - p['base.log_scales'] - .5 * z * z)
    return -(terms * z * np.exp(-p['base.log_scales'])).sum(1) / terms.sum(1)


def retrace(p, h_bar, after, eps, scale, gate, eps_bar):
    """The adjoint of h before a step from that after it, for the given adjoint of ε."""
    z = h_bar * (1 - after * after)
    for j in range(len(z)):
        eps_bar = eps_bar + p['w_eps'][j] * z[j]
    b_bar, gate_bar = -eps_bar * scale, -h_bar.dtype.type(KAPPA) * (1 + eps_bar * eps) * (1 - gate * gate)
    h_bar = p['w_b'] * b_bar + p['w_alpha'] * gate_bar
    for j in range(len(z)):
        h_bar = h_bar + p['w_h'][j] * z[j]
    return h_bar


def warm_up(advance, truth, direction, p, rows, size, limit):
    """Steps from zero until all bits are those of `truth`, until it stays near, and the distance left; -1 is never."""
    lanes, rows = np.tile(np.arange(len(size)), len(rows)), np.repeat(rows, len(size))
    p, size, state = pick(p, lanes, np.float32), size[lanes], np.zeros((truth.shape[1], len(lanes)), np.float32)
    right, wanted = (truth[rows + direction * i, :, lanes].T for i in (0, 1))
    assert (advance(p, right, rows + direction, lanes) == wanted).all(), 'the arithmetic depends on the batch'
    exact, far = np.full(len(lanes), -1), np.zeros(len(lanes), int)
    for i in range(1, limit + 1):
        r = rows + direction * i
        state, wanted = advance(p, state, r, lanes), truth[r, :, lanes].T
        distance = abs(state - wanted).max(0) / size
        exact[(distance == 0) & (exact < 0)] = i
        far[distance >= NEAR] = i
        if (exact > 0).all():
            break
    return [x.reshape(-1, truth.shape[2]) for x in (exact, np.where(far < i, far + 1, -1), distance)]


def overlaps(p, u, limit):
    """`warm_up` of h forwards and of its adjoint backwards (relative to its root mean square in the chain)."""
    p, u = pick(p, slice(None), np.float32), u.astype(np.float32)
    h, *rest = sweep(p, u)
    rest.append(score(p, rest[0]).astype(np.float32))
    h_bar = np.zeros_like(h)
    for r in reversed(range(len(u))):
        h_bar[r] = retrace(p, h_bar[r + 1], h[r + 1], *(x[r] for x in rest))
    forwards = lambda p, state, r, lanes: step(p, state, u[r - 1, lanes])[0]
    backwards = lambda p, state, r, lanes: retrace(p, state, h[r + 1, :, lanes].T, *(x[r, lanes] for x in rest))
    starts, size = np.linspace(1, len(u) - limit, STARTS).astype(int), np.sqrt((h_bar.astype(float) ** 2).mean((0, 1)))
    return (warm_up(forwards, h, 1, p, starts, np.ones_like(size), limit),
            warm_up(backwards, h_bar, -1, p, starts + limit - 1, size, limit))


def speculation(p, u, chains):
    """Steps in turn over all, if every chunk begins at zero and is redone until its bits are the right ones."""
    p, u = pick(p, chains, np.float32), u[:, chains].astype(np.float32)
    chunk = len(u) // max(1, LANES // len(chains))
    starts, wait, most = np.arange(0, len(u) - chunk + 1, chunk), 0, 0
    advance = lambda p, state, r, lanes: step(p, state, u[r - 1, lanes])[0]
    counts = warm_up(advance, sweep(p, u)[0], 1, p, starts, np.ones(len(chains)), chunk)[0]
    for count in counts[1:]:                            # a chunk that never merges keeps the next one waiting
        most, wait = np.maximum(most, wait + np.where(count < 0, chunk, count)), np.where(count < 0, wait + chunk, 0)
    return dict(chunks=len(starts), steps=int(chunk + np.max(most)), merged=float((counts[1:] > 0).mean()))


def tangent(p, v, after, eps, scale, gate):
    """The Jacobian of `step` times v (H, chains)."""
    eps_dot = -scale * (p['w_b'] * v).sum(0) - eps * KAPPA * (1 - gate * gate) * (p['w_alpha'] * v).sum(0)
    return (1 - after * after) * ((p['w_h'] * v).sum(1) + p['w_eps'] * eps_dot)


def diagonal(p, v, after, eps, scale, gate):
    """The diagonal of that Jacobian times v."""
    slope = -scale * p['w_b'] - eps * KAPPA * (1 - gate * gate) * p['w_alpha']
    return (1 - after * after) * (np.einsum('iic->ic', p['w_h']) + p['w_eps'] * slope) * v


def newton(p, u, truth, kind, damping, clip):
    """Iterations from h = 0 to the residual (-1: not within MOST, -2: not finite), and the error then, by chain."""
    chains, product = np.arange(u.shape[1]), tangent if kind == 'full' else diagonal
    count, error, h = np.full(len(chains), -1), np.full(len(chains), np.nan), np.zeros_like(truth)
    for iteration in range(MOST + 1):
        q = pick(p, chains, np.float64)
        per_step = {k: np.expand_dims(v, -2) if v.ndim > 1 else v for k, v in q.items()}
        after, *rest = step(per_step, h[:-1].swapaxes(0, 1), u[:, chains])
        after = after.swapaxes(0, 1)
        done, lost = abs(h[1:] - after).max((0, 1)) < RESIDUAL, ~np.isfinite(h).all((0, 1))
        count[chains[done]], error[chains[done]] = iteration, abs(h - truth[:, :, chains])[:, :, done].max((0, 1))
        count[chains[lost]] = -2
        keep = ~(done | lost)
        if not keep.any():
            break
        chains, h, after, rest = chains[keep], h[:, :, keep], after[:, :, keep], [x[:, keep] for x in rest]
        q, new = pick(p, chains, np.float64), np.zeros_like(h)
        for r in range(len(after)):
            new[r + 1] = after[r] + damping * product(q, new[r] - h[r], after[r], *(x[r] for x in rest))
        h = np.clip(np.nan_to_num(new), -1, 1) if clip else new
    return count, error


def spread(counts):
    """Quantiles, where negative counts are never: null if a quantile falls among those."""
    known = np.sort(np.where(counts < 0, np.inf, counts), axis=None)
    at = [float(x) if np.isfinite(x) else None for x in known[[len(known) // 2, len(known) * 9 // 10, -1]]]
    return dict(zip(('median', 'p90', 'max'), at), never=float((counts < 0).mean()))


def study(p, s, sources):
    u = (s[1:] - p['a'] * s[:-1]) * np.exp(-p['log_sigma'])                                      # (14), (R - 1, chains)
    p, limit = {k: np.moveaxis(v, 0, -1) for k, v in p.items()}, min(LIMIT, len(u) * 3 // 5)
    h = sweep(p, u)[0]
    result = dict(chains=u.shape[1], steps=len(u), limit=limit)
    result['speculation'] = [speculation(p, u, np.arange(k, k + sources)) for k in range(0, u.shape[1], sources)]
    worst = lambda counts: [spread(part)['max'] for part in np.split(counts, u.shape[1] // sources, axis=1)]
    for name, (exact, near, left) in zip(('forwards', 'backwards'), overlaps(p, u, limit)):
        result[name] = dict(exact=spread(exact), near=spread(near),
                            restarts_exact=worst(exact), restarts_near=worst(near),
                            distance_of_inexact=spread(left[exact < 0]) if (exact < 0).any() else None)
    lengths = [length for length in sorted({min(1000, len(u)), len(u)}) if length <= 10_000]
    for length, (name, settings) in itertools.product(lengths, NEWTON.items()):
        count, error = newton(p, u[:length], h[:length + 1], *settings)
        error = float(np.nanmax(error)) if (count >= 0).any() else None
        result[f'{name}, {length}'] = spread(count) | dict(not_finite=int((count == -2).sum()), error=error)
    return result


if __name__ == '__main__':
    np.seterr(all='ignore')                             # what overflows is counted
    results, cases = {}, [(f'random, H = {H}', random_chains, H) for H in (8, 16, 32)]
    for name, chains, what in cases + [(run.name, trained_chains, run) for run in map(pathlib.Path, sys.argv[1:])]:
        results[name] = study(*chains(what))
        print(f'{name}: done', file=sys.stderr)
    print(json.dumps(results, indent=1))
