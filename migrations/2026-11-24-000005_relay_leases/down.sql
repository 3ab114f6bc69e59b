ALTER TABLE relay_heads RESET (fillfactor);
DROP TABLE relay_processes;
DROP TABLE relay_leases;
