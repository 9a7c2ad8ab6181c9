CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE participant (
    id INTEGER PRIMARY KEY,
    platform TEXT NOT NULL,
    -- Null once the participant's data were deleted.
    person TEXT,
    assignment TEXT,
    token TEXT NOT NULL UNIQUE,
    session INTEGER NOT NULL,
    -- The how-manieth to do the session, from 1.
    turn INTEGER NOT NULL,
    rater TEXT NOT NULL UNIQUE,
    pilot INTEGER NOT NULL,
    user_agent TEXT NOT NULL,
    joined INTEGER NOT NULL,
    seen INTEGER NOT NULL,
    lease INTEGER NOT NULL,
    finished INTEGER,
    left INTEGER,
    deleted INTEGER,
    UNIQUE (platform, person, pilot),
    UNIQUE (session, turn)
) STRICT;
CREATE TABLE answer (
    participant INTEGER NOT NULL REFERENCES participant (id),
    page TEXT NOT NULL,
    -- The position of a trial in its session; null for forms.
    position INTEGER,
    content TEXT NOT NULL,
    received INTEGER NOT NULL,
    PRIMARY KEY (participant, page)
) STRICT, WITHOUT ROWID;
