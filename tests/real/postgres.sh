# A PostgreSQL cluster of an ordinary user's: made, started, asked by several at once, killed, recovered, stopped.
set -e
PATH=$(echo /usr/lib/postgresql/*/bin):$PATH
export PGHOST=$PWD/run PGPORT=$PORT PGDATABASE=postgres
mkdir run
initdb -D data -U tester --auth=trust --no-sync -E UTF8 --locale=C.UTF-8 >init.log || cat init.log
cat >>data/postgresql.conf <<CONF
listen_addresses = '127.0.0.1'
port = $PORT
unix_socket_directories = '$PWD/run'
CONF
start() { pg_ctl -D data -l log -w -t 60 start >start.log || { cat start.log log; exit 1; }; }
sql() { psql -U tester -X -A -t -v ON_ERROR_STOP=1 "$@"; }
start
sql -c 'create table t (id serial primary key, name text unique, data jsonb)'
sql -c "insert into t (name, data) select 'n' || i, jsonb_build_object('i', i, 'sq', i * i) from generate_series(1, 5000) i"
for i in 1 2 3 4; do sql -c "select $i, count(*), sum((data->>'sq')::bigint) from t where id % $i = 0" & done | sort
wait
sql -h 127.0.0.1 -c "select count(*) from t where name like 'n1%'"
sql -c "copy (select id, name from t order by id limit 3) to '$PWD/copied.csv' csv"
cat copied.csv
sql -c "copy (select 1) to program 'cat >$PWD/piped'"
cat piped
sql -c 'vacuum analyze t' -c 'create index on t ((data->>$$i$$))' -c 'reindex table t' -c 'checkpoint'
sql -c "set max_parallel_workers_per_gather = 2; set parallel_setup_cost = 0; set parallel_tuple_cost = 0; set min_parallel_table_scan_size = 0; select count(*) from t where length(name) > 2"
sql -c 'insert into t (name) values ($$n1$$)' 2>&1 | head -n 1
pg_dump -U tester postgres | grep -v '^--\|^\\\|^SET\|^SELECT' | cksum
# As after a crash.
pg_ctl -D data -w stop -m immediate >/dev/null
start
sql -c 'select count(*) from t'
pg_ctl -D data -w restart >/dev/null
sql -c 'show port' | grep -c "$PORT"
pg_ctl -D data status | grep -c 'server is running'
pg_ctl -D data -w stop -m fast >/dev/null
grep -c PANIC log || :
ls run
