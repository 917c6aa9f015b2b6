"""Run by `pb run`, which reports on every Validate object of the script."""

import os

import ibis
import pointblank as pb

nyc = ibis.connect(os.environ["NYC_URL"])


def of(table):
    return pb.Validate(nyc.table(table), tbl_name=table, thresholds=pb.Thresholds(error=1))


def departures_after_the_first(flights):
    departed = flights.filter(flights.tailnum.notnull() & flights.dep_time.notnull())
    hours = ibis.window(group_by=["tailnum", "time_hour"], order_by=["dep_time", "flight"])
    return departed.mutate(turn=ibis.row_number().over(hours))


flights = (
    of("flights")
    .col_vals_in_table("dest", nyc.table("airports"), "faa", na_pass=True, brief="flights.dest_exists")
    .col_vals_in_table("tailnum", nyc.table("planes"), "tailnum", na_pass=True, brief="flights.aircraft_exists")
    .col_vals_in_table("carrier", nyc.table("airlines"), "carrier", na_pass=True, brief="flights.carrier_exists")
    .col_vals_lt("turn", 1, pre=departures_after_the_first, brief="flights.departs_once")
    .data_freshness("time_hour", "2 days", brief="flights.is_fresh")
    .interrogate(extract_limit=100_000)
)
weather = (
    of("weather")
    .rows_distinct(["origin", "year", "month", "day", "hour"], brief="weather.hour_is_unique")
    .col_vals_between("wind_speed", 0, 250, na_pass=True, brief="weather.wind_speed_is_possible")
    .interrogate()
)
planes = of("planes").rows_distinct(["tailnum"], brief="planes.tailnum_is_unique").interrogate()
airports = (
    of("airports").col_vals_between("lon", -180, 0, na_pass=True, brief="airports.longitude_is_american").interrogate()
)
