#!/bin/sh
# Run once by the PostgreSQL image, when its volume is empty: a database for each service, and a role that owns it and can
# connect to no other. The services migrate their databases themselves.
set -eu

for service in loms checkout product payments notifications tables identity gateway; do
  psql --set ON_ERROR_STOP=1 --set service="$service" --set password="$SERVICES_PASSWORD" \
    --username "$POSTGRES_USER" --dbname postgres <<'SQL'
create role :"service" login password :'password';
create database :"service" owner :"service";
revoke connect on database :"service" from public;
SQL
done
