create table if not exists basket (ref text primary key, body text not null);
create table if not exists change (place integer primary key autoincrement, basket text not null unique);
create table if not exists stock (sku text primary key, left_over text not null);
create table if not exists push (push text primary key, status integer not null, answer text not null);
create table if not exists visitor (session text primary key, basket text not null);
create table if not exists hook (
  id integer primary key autoincrement,
  basket text not null,
  body blob not null,
  tries integer not null default 0,
  due real not null default 0
);
create index if not exists hook_basket_idx on hook (basket, id);
create table if not exists price (sku text primary key, cents integer not null);
create table if not exists shelf (sku text not null, shop text not null, quantity text not null, primary key (sku, shop));
create table if not exists kept (name text not null, sku text not null, shop text not null, quantity text not null, until text not null, primary key (name, sku));
