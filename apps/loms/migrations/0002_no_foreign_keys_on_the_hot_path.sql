-- Lines and history are written by the statement next to the one that writes their order, in one transaction, and no
-- order is ever deleted: the checks could only ever succeed. They were more than a third of what PostgreSQL did for an
-- order, and a connection that had planned them while the tables were empty read all of `orders` for each line.
-- `ordermesh verify` looks for lines and history without an order instead.
alter table order_lines drop constraint order_lines_order_id_fkey;
alter table order_history drop constraint order_history_order_id_fkey;
