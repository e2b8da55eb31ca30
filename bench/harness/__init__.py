"""How benches measure: contenders side by side in interleaved rounds, by wall and by CPU time of the server side."""
