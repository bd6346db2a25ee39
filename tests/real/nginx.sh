# nginx of its own prefix, started by an ordinary user, serves files and is told to reload and to stop. $PORT is free.
set -e
mkdir -p nginx/logs nginx/html/dir
cat >nginx/nginx.conf <<CONF
worker_processes 2;
pid nginx.pid;
error_log logs/error.log;
events { worker_connections 64; }
http {
    access_log logs/access.log;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
    sendfile on;
    server { listen 127.0.0.1:$PORT; root html; autoindex on;
        location /up/ { proxy_pass http://unix:$PWD/nginx/socket:/; } }
    server { listen unix:$PWD/nginx/socket; return 200 "from the socket\n"; }
}
CONF
echo 'hello from nginx' >nginx/html/index.html
head -c 3000000 /dev/zero >nginx/html/large
ln -s index.html nginx/html/link
nginx=$(command -v nginx || echo /usr/sbin/nginx)
get() { curl -sS --retry 20 --retry-connrefused --retry-delay 1 "$@"; }
# The error log has a place that only root may write to until the configuration is read.
run() { "$nginx" -p "$PWD/nginx" -e logs/error.log -c nginx.conf "$@"; }
run -t 2>&1 | sed 's/.*nginx: //'
run
get "http://127.0.0.1:$PORT/" "http://127.0.0.1:$PORT/link" "http://127.0.0.1:$PORT/up/"
get "http://127.0.0.1:$PORT/large" | cksum
get -o /dev/null -w '%{http_code}\n' "http://127.0.0.1:$PORT/none" "http://127.0.0.1:$PORT/dir"
for i in 1 2 3 4 5 6 7 8; do get "http://127.0.0.1:$PORT/large" | cksum & done | sort | uniq -c
wait
sed -i 's/from the socket/reloaded/' nginx/nginx.conf
run -s reload
for i in $(seq 100); do get "http://127.0.0.1:$PORT/up/" | grep -q reloaded && break; sleep 0.1; done
get "http://127.0.0.1:$PORT/up/"
cut -d' ' -f6-9 nginx/logs/access.log | grep -v -e /up/ -e HTTP/1.0 | sort | uniq -c
pid=$(cat nginx/nginx.pid)
run -s quit
while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
ls nginx
grep -c -e emerg -e alert nginx/logs/error.log || :
