#!/usr/bin/env bash
# Two sessions update the same row through a view. The view's condition no longer holds when the second one gets the
# row. An automatically updatable view looks again and leaves the row alone; a view with an INSTEAD OF trigger does not:
# it hands the trigger the row as it was, and the trigger overwrites what the first session wrote.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

look() {
  server "$1"
  sql "create table account (id int primary key, state text, balance int);
       create view open_plain as select * from account where state = 'open';
       create view open_trigger as select * from account where state = 'open';
       create function write_through() returns trigger language plpgsql as
         'begin update account set state = new.state, balance = new.balance where id = old.id; return new; end';
       create trigger write_through instead of update on open_trigger for each row execute function write_through()"
  expected "at READ COMMITTED both views look again after the wait: UPDATE 0, the account stays closed with balance 0"

  race open_plain
  check "plain view: the second session updated" "$seen" "0 rows"
  check "plain view: the row" "$(sql "select state, balance from account")" "closed|0"

  race open_trigger
  check "view with a trigger: the second session updated" "$seen" "1 rows"
  check "view with a trigger: the row" "$(sql "select state, balance from account")" "open|150"
  stop_server
}

race() { # close the account in one session while another adds 50 to it through view $1
  sql "truncate account; insert into account values (1, 'open', 100)"
  open_session closer
  open_session adder
  ask closer "begin; update account set state = 'closed', balance = 0"
  send adder "with done as (update $1 set balance = balance + 50 returning 1) select count(*) || ' rows' from done"
  wait_blocked
  ask closer "commit"
  seen=$(answer adder)
  close_session closer
  close_session adder
}

look 15
look 18
