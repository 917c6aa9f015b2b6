-- Customers without their balances, which depend on what they have ordered. Number n has the id 1000 + n: the first
-- thousand were deleted long ago. pg_temp.draw(n, topic) is a number from 0 to 2^30 - 1 that depends on the seed.

create temp table person on commit drop as
select
    n.n,
    w.word || ' ' || w.noun || ' ' || w.trade as customer_name,
    lower(w.first_name || '.' || w.last_name) || n.n || '@' || lower(w.word || w.noun) || '.example.' || w.top
        as customer_email,
    w.first_name || ' ' || w.last_name as customer_contact_name,
    case pg_temp.draw(n.n, 6) % 20
        when 0 then null
        when 1 then '+1 ' || w.city[3] || ' 555 ' || w.line
        when 2 then '1-' || w.city[3] || '-555-' || w.line
        when 3 then w.city[3] || '.555.' || w.line
        when 4 then w.city[3] || '-555-' || w.line
        else '(' || w.city[3] || ') 555-' || w.line
    end as customer_phone,
    -- with the unit, no two are alike
    (1 + n.n % 9000) || ' ' || w.street || ', '
        || case when n.n >= 9000 then 'Unit ' || n.n / 9000 || ', ' else '' end || w.city[1] as address,
    w.city[2] as address_state
from setting as s
cross join lateral generate_series(1, s.customers) as n (n)
cross join lateral (
    select
        (array['Amber', 'Aspen', 'Beacon', 'Birch', 'Blue', 'Bright', 'Canyon', 'Cedar', 'Clear', 'Copper', 'Coral',
            'Crescent', 'Eagle', 'East', 'Elm', 'Evergreen', 'Falcon', 'First', 'Golden', 'Granite', 'Green', 'Harvest',
            'Hudson', 'Iron', 'Lone', 'Maple', 'Meadow', 'Mission', 'North', 'Oak', 'Ocean', 'Pacific', 'Pine',
            'Prairie', 'Red', 'Ridge', 'River', 'Silver', 'Summit', 'Union'
        ])[1 + pg_temp.draw(n.n, 1) % 40] as word,
        (array['Bay', 'Bluff', 'Bridge', 'Brook', 'Coast', 'Creek', 'Falls', 'Field', 'Forest', 'Gate', 'Grove',
            'Harbor', 'Hill', 'Lake', 'Mountain', 'Path', 'Point', 'Rock', 'Shore', 'Star', 'Stone', 'Valley', 'View',
            'Wood'
        ])[1 + pg_temp.draw(n.n, 2) % 24] as noun,
        (array['Solar', 'Roofing', 'Home Insurance', 'Mortgages', 'Window Works', 'Lending', 'Auto Insurance',
            'Plumbing', 'Energy', 'Home Security', 'Realty', 'Debt Relief', 'Legal', 'Education', 'Health Plans',
            'Heating & Air', 'Kitchens', 'Flooring', 'Moving', 'Dental'
        ])[1 + pg_temp.draw(n.n, 3) % 20] as trade,
        (array['Ada', 'Alan', 'Alma', 'Amir', 'Ana', 'Ben', 'Bianca', 'Carl', 'Chloe', 'Dana', 'David', 'Elena', 'Emil',
            'Erin', 'Farah', 'Felix', 'Grace', 'Hana', 'Henry', 'Ines', 'Isaac', 'Jade', 'Jonas', 'Karen', 'Kofi',
            'Laura', 'Leo', 'Lucia', 'Marcus', 'Maren', 'Mei', 'Miguel', 'Nadia', 'Nora', 'Omar', 'Paula', 'Priya',
            'Quinn', 'Rafael', 'Rosa', 'Samuel', 'Sofia', 'Teodor', 'Tessa', 'Uma', 'Victor', 'Wendy', 'Yusuf', 'Zoe'
        ])[1 + pg_temp.draw(n.n, 4) % 49] as first_name,
        (array['Abbott', 'Achterberg', 'Baker', 'Blythe', 'Castillo', 'Chen', 'Coleman', 'Diaz', 'Dubois', 'Ellis',
            'Fischer', 'Flores', 'Garcia', 'Gupta', 'Halvorsen', 'Hughes', 'Ito', 'Jackson', 'Jensen', 'Kim', 'Kowalski',
            'Lee', 'Lindqvist', 'Lopez', 'Martin', 'Mendoza', 'Moore', 'Murphy', 'Nguyen', 'Novak', 'Oduya', 'Okafor',
            'Park', 'Patel', 'Perez', 'Reed', 'Rossi', 'Sanders', 'Schmidt', 'Silva', 'Stone', 'Tanaka', 'Torres',
            'Vargas', 'Walker', 'Weber', 'Young'
        ])[1 + pg_temp.draw(n.n, 5) % 47] as last_name,
        (array['Main Street', 'Oak Avenue', 'Canal Street', 'Pine Street', 'Market Street', 'Lake Drive', 'Park Avenue',
            'Congress Avenue', 'Fulton Street', 'Mill Road', 'Hill Street', 'Bayshore Drive', 'Elm Court', 'River Road',
            'Second Street', 'Sunset Boulevard', 'Washington Street', 'College Avenue', 'Spring Lane', 'Station Road'
        ])[1 + pg_temp.draw(n.n, 7) % 20] as street,
        (array['com', 'org', 'net'])[1 + pg_temp.draw(n.n, 8) % 3] as top,
        lpad((pg_temp.draw(n.n, 9) % 10000)::text, 4, '0') as line,
        string_to_array((array[
            'Los Angeles/CA/213', 'San Diego/CA/619', 'San Francisco/CA/415', 'Fresno/CA/559', 'Houston/TX/713',
            'Dallas/TX/214', 'Austin/TX/512', 'San Antonio/TX/210', 'Miami/FL/305', 'Tampa/FL/813', 'Orlando/FL/407',
            'New York/NY/212', 'Buffalo/NY/716', 'Albany/NY/518', 'Chicago/IL/312', 'Philadelphia/PA/215',
            'Pittsburgh/PA/412', 'Columbus/OH/614', 'Cleveland/OH/216', 'Atlanta/GA/404', 'Charlotte/NC/704',
            'Raleigh/NC/919', 'Detroit/MI/313', 'Newark/NJ/973', 'Richmond/VA/804', 'Seattle/WA/206', 'Tacoma/WA/253',
            'Phoenix/AZ/602', 'Tucson/AZ/520', 'Boston/MA/617', 'Nashville/TN/615', 'Memphis/TN/901',
            'Indianapolis/IN/317', 'Saint Louis/MO/314', 'Baltimore/MD/410', 'Milwaukee/WI/414', 'Denver/CO/303',
            'Minneapolis/MN/612', 'Charleston/SC/843', 'Birmingham/AL/205', 'New Orleans/LA/504', 'Louisville/KY/502',
            'Portland/OR/503', 'Oklahoma City/OK/405', 'Hartford/CT/860', 'Salt Lake City/UT/801', 'Las Vegas/NV/702',
            'Reno/NV/775', 'Boise/ID/208', 'Honolulu/HI/808', 'Anchorage/AK/907', 'Washington/DC/202',
            'San Juan/PR/787', 'Omaha/NE/402', 'Wichita/KS/316', 'Albuquerque/NM/505'
        ])[1 + pg_temp.draw(n.n, 10) % 56], '/') as city
) as w;

-- group_name is the kind of defect that the customer is there for, place its place in the group. Defects of texts are
-- spread evenly, and their kinds follow each other in rounds.
create temp table client on commit drop as
select
    p.*,
    lag(p.customer_email) over by_number as earlier_email,
    lag(p.customer_name) over by_number as earlier_name,
    lag(p.address) over by_number as earlier_address,
    lag(p.address_state) over by_number as earlier_state,
    g.group_name,
    p.n - g.first_n as place,
    (h.hit % s.text_kinds)::int as hit_kind,
    (h.hit / s.text_kinds)::int as hit_round
from person as p
cross join setting as s
cross join lateral (
    select case
        when p.n <= s.text_customers
            and p.n::bigint * s.text_hits / s.text_customers > (p.n - 1)::bigint * s.text_hits / s.text_customers
        then (p.n - 1)::bigint * s.text_hits / s.text_customers
    end as hit
) as h
left join client_group as g on p.n >= g.first_n and p.n < g.first_n + g.customers
window by_number as (order by p.n);

analyze client;
