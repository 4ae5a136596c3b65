"""Makes ar_flow.json: parameters, trajectories, log-densities and gradients of the AR-flow prior,
computed in float64 by JAX from equations 12-28 alone.  python ar_flow.py ar_flow.json  (needs numpy, jax)"""
import json, sys
import numpy as np, jax, jax.numpy as jnp
jax.config.update('jax_enable_x64', True)
n, H, R, kappa = 3, 8, 40, .8
g = np.random.default_rng(0)
p = dict(a=g.uniform(.1, .9, n), log_sigma=.3 * g.normal(size=n), log_sigma0=.3 * g.normal(size=n),
         w_b=.4 * g.normal(size=(n, H)), c_b=.2 * g.normal(size=n), w_a=.4 * g.normal(size=(n, H)), c_a=.2 * g.normal(size=n),
         W_h=.4 * g.normal(size=(n, H, H)), W_e=.5 * g.normal(size=(n, H)), c_h=.2 * g.normal(size=(n, H)))
s = g.normal(size=(R, n))


def log_prob(p, s):
    total = -.5 * (s[0] ** 2 * jnp.exp(-2 * p['log_sigma0']) + np.log(2 * np.pi) + 2 * p['log_sigma0'])   # (13)
    u = (s[1:] - p['a'] * s[:-1]) / jnp.exp(p['log_sigma'])                                             # (14)
    h = jnp.zeros((n, H))                                                                              # (19)
    for u_r in u:
        b = (p['w_b'] * h).sum(1) + p['c_b']                                                           # (16)
        alpha = kappa * jnp.tanh((p['w_a'] * h).sum(1) + p['c_a'])                                     # (17)
        e = (u_r - b) * jnp.exp(-alpha)                                                                # (20)
        h = jnp.tanh(jnp.einsum('nij,nj->ni', p['W_h'], h) + p['W_e'] * e[:, None] + p['c_h'])         # (18)
        total += -.5 * (e ** 2 + np.log(2 * np.pi)) - alpha                                            # (24, 26)
    return total - (R - 1) * p['log_sigma']                                                            # (22)


grad_p, grad_s = jax.grad(lambda p, s: log_prob(p, s).sum(), argnums=(0, 1))(p, s)
rename = dict(w_a='w_alpha', c_a='c_alpha', W_h='w_h', W_e='w_eps')
flat = lambda d: {rename.get(k, k): np.asarray(v).ravel().tolist() for k, v in d.items()}
json.dump(dict(sources=n, hidden=H, steps=R, kappa=kappa, parameters=flat(p), s=s.ravel().tolist(),
               log_prob=np.asarray(log_prob(p, s)).tolist(), grad_parameters=flat(grad_p), grad_s=np.asarray(grad_s).ravel().tolist()),
          open(sys.argv[1], 'w'))

