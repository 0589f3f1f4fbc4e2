"""What can be left out of the graph of workers and clients: bridges, articulation points, and samples without them.

The graph has a node for each worker and each client and an edge for each match. `matches` are those of
`twoway.Matches`; a sample is a mask of them.
"""

from functools import lru_cache

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components


@lru_cache(maxsize=1)
def _search():
    """The depth-first search for bridges and articulation points (Tarjan 1974; Hopcroft and Tarjan 1973), without
    recursion, compiled when first used."""
    from numba import njit

    @njit
    def search(start, neighbour, edge, edges):
        nodes = len(start) - 1
        found, low, at = np.full(nodes, -1, np.int64), np.zeros(nodes, np.int64), start[:-1].copy()
        came, stack, bridge = np.full(nodes, -1, np.int64), np.zeros(nodes, np.int64), np.zeros(edges, np.bool_)
        apart = np.zeros(nodes, np.int64)       # branches that hang on the node; the first one of a root does not count
        clock = 0
        for root in range(nodes):
            if found[root] >= 0:
                continue
            stack[0], depth = root, 1
            found[root] = low[root] = clock
            apart[root] = -1
            clock += 1
            while depth:
                v = stack[depth - 1]
                if at[v] < start[v + 1]:
                    u, e = neighbour[at[v]], edge[at[v]]
                    at[v] += 1
                    if e == came[v]:
                        continue
                    if found[u] < 0:
                        found[u] = low[u] = clock
                        clock += 1
                        came[u] = e
                        stack[depth] = u
                        depth += 1
                    else:
                        low[v] = min(low[v], found[u])
                else:
                    depth -= 1
                    if depth:
                        parent = stack[depth - 1]
                        low[parent] = min(low[parent], low[v])
                        bridge[came[v]] = low[v] > found[parent]
                        apart[parent] += low[v] >= found[parent]
        return bridge, apart > 0

    return search


def _searched(worker, client, workers: int, clients: int):
    """Which edges are bridges, and which nodes (workers, then clients) are articulation points."""
    ends = np.concatenate([worker, client + workers]), np.concatenate([client + workers, worker])
    order = np.argsort(ends[0], kind="stable")
    start = np.concatenate([[0], np.cumsum(np.bincount(ends[0], minlength=workers + clients))])
    edge = np.tile(np.arange(len(worker)), 2)
    return _search()(start, ends[1][order], edge[order], len(worker))


def bridges(matches) -> np.ndarray:
    """Which matches are bridges: without one of them, its worker and its client are no longer connected."""
    return _searched(matches.worker, matches.client, matches.workers, matches.clients)[0]


def articulations(matches, among) -> np.ndarray:
    """Which workers are articulation points of the matches `among`: without one of them, clients are parted."""
    edges = matches.worker[among], matches.client[among]
    return _searched(*edges, matches.workers, matches.clients)[1][:matches.workers]


def _parts(matches, among) -> np.ndarray:
    """The connected part of each client, when the matches `among` connect."""
    size = matches.workers + matches.clients
    ends = matches.worker[among], matches.client[among] + matches.workers
    graph = sparse.coo_array((np.ones(len(ends[0])), ends), (size, size))
    return connected_components(graph, directed=False)[1][matches.workers:]


def core(matches) -> np.ndarray:
    """The mask of the movers' core: matches that are no bridges, in the largest component by matches.

    There every match can be left out and its pay still be predicted from the others: leverage is below 1.
    """
    keep = ~bridges(matches)
    part = _parts(matches, keep)[matches.client]
    return keep & (part == np.bincount(part[keep]).argmax()) if keep.any() else keep


def with_stayers(matches) -> np.ndarray:
    """The mask of the movers' core and of stayers at its clients: other workers with several contracts at one of them.

    A worker outside of the core has at most one match with its clients, for two would be tied by a cycle. Such a match
    has a leverage of 1, but its error shows in its own contracts.
    """
    inner = core(matches)
    at_core = np.bincount(matches.client, inner, matches.clients)[matches.client] > 0
    return inner | (at_core & (matches.n > 1))


def leave_one_out_set(matches) -> np.ndarray:
    """The mask of the largest set of clients that stay connected without any one worker, stayers included.

    The largest connected set by clients; then, as long as there are any, without workers who are articulation points
    among movers (workers of several clients), in what is the largest set without them; at last without stayers (workers
    of one client) of a single contract. Matches of movers have a leverage below 1, since the worker of a bridge between
    movers is an articulation point. Pitfall: whoever has a client of his own is an articulation point, and leaves with
    all his contracts; where workers have many clients, of whom some are their own, little is left.
    Source: Kline, Saggio & Sølvsten 2020, the leave-one-out connected set of their computational appendix.
    """
    keep = _most_clients(matches, np.ones(len(matches.worker), dtype=bool))
    while (parting := articulations(matches, _of_movers(matches, keep))).any():
        keep = _most_clients(matches, keep & ~parting[matches.worker])
    contracts = np.bincount(matches.worker[keep], matches.n[keep], matches.workers)
    return keep & (contracts > 1)[matches.worker]


def _most_clients(matches, keep):
    """Those of `keep` that are in its connected part with the most clients."""
    part = _parts(matches, keep)
    clients = np.bincount(part[np.unique(matches.client[keep])], minlength=1)
    return keep & (part == clients.argmax())[matches.client]


def _of_movers(matches, keep):
    """Those of `keep` whose worker has another one."""
    return keep & (np.bincount(matches.worker[keep], minlength=matches.workers) > 1)[matches.worker]
