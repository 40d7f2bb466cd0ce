"""`gridmap bench export`: a whole layer as GeoJSON beside `psql COPY`."""

from typing import TYPE_CHECKING, Any

import click

from gridmap.commands.bench_items import figures_of, peers_option
from gridmap.settings import Settings

if TYPE_CHECKING:
    from gridmap.bench.peers import Peer


@click.command()
@click.option("--user", default="leader", show_default=True, help="Whose eyes.")
@click.option("--layer", default="buildings", show_default=True, help="The layer.")
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(1, 100), help="Exports each way.")
@peers_option
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON instead of the table.")
@click.pass_obj
def export(settings: Settings, user: str, layer: str, rounds: int, peers: "tuple[Peer, ...]", *, as_json: bool) -> None:
    """A whole layer as streamed GeoJSON: time, first byte and memory, beside psql COPY of the same features.

    Starts a server of its own on a free port beside the running database. Best with `gridmap demo --scale city`.
    """

    def measure(**who: Any) -> Any:
        from gridmap.bench.exports import ExportBench

        return ExportBench(**who, peers=peers).run(rounds)

    figures_of(settings, user, layer, measure, as_json=as_json)
