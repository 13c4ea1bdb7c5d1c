"""Service quality: which sessions went badly and why, the rates of ratings, and what a week comes to.

Everything here is values in, values out: reviews of single sessions (`reviews`), figures with the editions that judged them
(`figures`), invitations (`invitations`), and the week that a supervisor forwards (`week_report`).
"""
