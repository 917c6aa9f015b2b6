-- Customers: contact data. Customers 101 to 104 have nothing wrong with them and carry the orders of the later
-- files; 105 and up have one planted fault each. None of those has an order. All names are made up, all addresses
-- end in an example domain, all numbers are 555 numbers.

insert into customers (
    customer_id, customer_name, customer_email, customer_contact_name, customer_phone, address, address_state,
    customer_balance
)
values
    -- control: a phone with its country code, and a state that is a district.
    (101, 'Northgate Marketing', 'ops@northgate.example.com', 'Wilhelmina Ashgrove', '+1 (212) 555-0101',
     '1 Northgate Plaza, Washington', 'DC', 100000),
    -- control: eleven digits that begin with 1, and a state that is a territory.
    (102, 'Southgate Marketing', 'ops@southgate.example.com', 'Bartholomew Quill', '1-787-555-0102',
     '2 Southgate Plaza, San Juan', 'PR', 100000),
    -- control: no phone, the state of an armed forces' address, accented letters in composed form.
    (103, E'Cr\u00e8me \u2019n\u2019 Sugar Caf\u00e9s', 'leads+new@creme-sugar.example.org',
     E'Siobh\u00e1n O\u2019Marrow', null,
     'Unit 103, Box 44', 'AE', 100000),
    -- control: a large balance, exact to its last cent (a cast straight to numeric would lose it).
    (104, 'Westgate Lenders', 'o''hara@westgate.example.net', 'Casimir Underhill', '213.555.0104',
     '4 Westgate Court, Los Angeles', 'CA', 12345678901234.56),

    -- E-mail ------------------------------------------------------------------------------------------------

    -- The "@" was lost on the way.
    -- planted: customers.email_is_valid 105
    (105, 'Dusk Harbor Media', 'billing-105.example.com', 'Ottoline Farrow', '212-555-0105',
     '105 Dusk Street, Albany', 'NY', 1000),
    -- A domain without a dot: browsers accept it in a form, no mail server outside will.
    -- planted: customers.email_is_valid 106
    (106, 'Elm Row Finance', 'billing-106@example', 'Percival Stroud', '212-555-0106',
     '106 Elm Row, Albany', 'NY', 1000),
    -- Two addresses in one field.
    -- planted: customers.email_is_valid 107
    (107, 'Foxglove Realty', 'sales-107@example.com; billing-107@example.com', 'Henrietta Vane', '212-555-0107',
     '107 Foxglove Road, Albany', 'NY', 1000),
    -- A line end from a file that was read line by line. Only a match of the whole string detects it: "$" may match before a
-- last newline, and btrim removes only spaces.
    -- planted: customers.email_is_valid 108
    -- follows: customers.text_is_clean 108
    (108, 'Granite Loans', E'billing-108@example.com\n', 'Ludovic Penhaligon', '212-555-0108',
     '108 Granite Way, Concord', 'NH', 1000),
    -- Capitals, as people type them. Deliverable, but not equal to itself in lower case.
    -- planted: customers.email_is_canonical 109
    (109, 'Hawthorn Energy', 'Accounts.Payable@Hawthorn.Example.org', 'Rosamund Keel', '212-555-0109',
     '109 Hawthorn Lane, Boise', 'ID', 1000),
    -- The same mailbox in lower case: customers were distinguished by the spelling. The first one (109) is no violation.
    -- planted: customers.email_is_unique 110
    (110, 'Hawthorn Solar', 'accounts.payable@hawthorn.example.org', 'Leocadia Thrupp', '212-555-0110',
     '110 Hawthorn Lane, Boise', 'ID', 1000),
    -- And once more, with a space pasted in front.
    -- planted: customers.email_is_unique 111
    -- follows: customers.email_is_valid 111
    -- follows: customers.email_is_canonical 111
    -- follows: customers.text_is_clean 111
    (111, 'Hawthorn Wind', ' accounts.payable@hawthorn.example.org', 'Ignatius Moorcroft', '212-555-0111',
     '111 Hawthorn Lane, Boise', 'ID', 1000),

    -- State -------------------------------------------------------------------------------------------------

    -- The right code in the wrong case: reports that group by state show two Californias.
    -- planted: customers.state_is_usps_code 112
    (112, 'Ivy Gate Insurance', 'billing-112@example.com', 'Evangeline Storr', '213-555-0112',
     '112 Ivy Gate, Fresno', 'ca', 1000),
    -- The name of the state, and so a third.
    -- planted: customers.state_is_usps_code 113
    (113, 'Juniper Credit', 'billing-113@example.com', 'Thaddeus Brock', '213-555-0113',
     '113 Juniper Avenue, Oakland', 'California', 1000),

    -- Phone -------------------------------------------------------------------------------------------------

    -- Seven digits, as in the sample data: no area code.
    -- planted: customers.phone_is_dialable 114
    (114, 'Kestrel Home Loans', 'billing-114@example.com', 'Cordelia Wynne', '555-0114',
     '114 Kestrel Court, Reno', 'NV', 1000),
    -- An extension in the number: no dialler takes it.
    -- planted: customers.phone_is_dialable 115
    (115, 'Larkspur Windows', 'billing-115@example.com', 'Alaric Summerfield', '212-555-0115 x12',
     '115 Larkspur Drive, Reno', 'NV', 1000),
    -- An empty form field was stored as empty text. NULL would have said "none".
    -- planted: customers.phone_is_dialable 116
    (116, 'Mulberry Roofing', 'billing-116@example.com', 'Seraphina Dace', '',
     '116 Mulberry Close, Reno', 'NV', 1000),

    -- Required text that is blank ---------------------------------------------------------------------------

    -- NOT NULL lets empty text through.
    -- planted: customers.required_text_is_present 117
    (117, '', 'billing-117@example.com', 'Leopold Hathersage', '512-555-0117',
     '117 Nettle Street, Austin', 'TX', 1000),
    -- White space only. A trim() without arguments takes spaces off and leaves the tab.
    -- planted: customers.required_text_is_present 118
    -- follows: customers.text_is_clean 118
    (118, 'Oleander Media', 'billing-118@example.com', E' \t ', '512-555-0118',
     '118 Oleander Street, Austin', 'TX', 1000),
    -- Two customers with one name and state, without an address. Equal blank values do not make them duplicates.
    -- planted: customers.required_text_is_present 119 120
    (119, 'Primrose Partners', 'billing-119@example.com', 'Marguerite Oxley', '512-555-0119', '', 'TX', 1000),
    (120, 'Primrose Partners', 'billing-120@example.com', 'Barnaby Tull', '512-555-0120', '', 'TX', 1000),
    -- planted: customers.required_text_is_present 121
    -- follows: customers.state_is_usps_code 121
    (121, 'Quince Lending', 'billing-121@example.com', 'Philippa Garside', '512-555-0121',
     '121 Quince Street, Austin', '', 1000),
    -- Two customers without an e-mail address: blank is no duplicate of blank.
    -- planted: customers.required_text_is_present 122 123
    -- follows: customers.email_is_valid 122 123
    -- follows: customers.email_is_canonical 123
    -- follows: customers.text_is_clean 123
    (122, 'Rowan Mortgages', '', 'Montague Selby', '512-555-0122', '122 Rowan Street, Austin', 'TX', 1000),
    (123, 'Sorrel Mortgages', '  ', 'Clementine Rook', '512-555-0123', '123 Sorrel Street, Austin', 'TX', 1000),

    -- Placeholders ------------------------------------------------------------------------------------------

    -- Typed to get past a required field.
    -- planted: customers.text_is_not_placeholder 124
    (124, 'Tamarind Leads', 'billing-124@example.com', 'N/A', '305-555-0124',
     '124 Tamarind Way, Miami', 'FL', 1000),
    -- A test of the form, in production.
    -- planted: customers.text_is_not_placeholder 125
    (125, 'TEST', 'billing-125@example.com', 'Horatio Blackmore', '305-555-0125',
     '125 Umber Way, Miami', 'FL', 1000),
    -- Found only once it is trimmed.
    -- planted: customers.text_is_not_placeholder 126
    -- follows: customers.text_is_clean 126
    (126, 'Verbena Leads', 'billing-126@example.com', 'Araminta Jessop', '305-555-0126', ' Tbd', 'FL', 1000),
    -- planted: customers.text_is_not_placeholder 127
    -- follows: customers.email_is_valid 127
    (127, 'Willow Leads', 'none', 'Cuthbert Lyle', '305-555-0127', '127 Willow Way, Miami', 'FL', 1000),

    -- Invisible characters ---------------------------------------------------------------------------

    -- A contact whose whole name is a zero-width space. It looks blank, but is not white space.
    -- planted: customers.text_is_clean 128
    (128, 'Yarrow Holdings', 'billing-128@example.com', E'\u200b', '404-555-0128',
     '128 Yarrow Square, Atlanta', 'GA', 1000),
    -- A no-break space, copied from a web page: the name is not found by searching for it.
    -- planted: customers.text_is_clean 129
    (129, E'Zinnia\u00a0Holdings', 'billing-129@example.com', 'Delphine Marchbanks', '404-555-0129',
     '129 Zinnia Square, Atlanta', 'GA', 1000),
    -- An address of two lines, which breaks every export that writes one line per row.
    -- planted: customers.text_is_clean 130
    (130, 'Alder Holdings', 'billing-130@example.com', 'Fitzroy Camber', '404-555-0130',
     E'130 Alder Square\nAtlanta', 'GA', 1000),
    -- U+FFFD: a character was lost for good when the text was read in the wrong encoding.
    -- planted: customers.text_is_clean 131
    (131, E'Caf\ufffd Birch', 'billing-131@example.com', 'Guinevere Platt', '404-555-0131',
     '131 Birch Square, Atlanta', 'GA', 1000),
    -- Right-to-left override: the text displays differently from its characters.
    -- planted: customers.text_is_clean 132
    (132, 'Cedar Holdings', 'billing-132@example.com', 'Jocasta Wren', '404-555-0132',
     E'132 \u202eerauqS radeC, Atlanta', 'GA', 1000),
    -- A byte order mark: the first field of a file, stored with the mark that the file begins with.
    -- planted: customers.text_is_clean 133
    -- follows: customers.email_is_valid 133
    (133, 'Dogwood Holdings', E'\ufeffbilling-133@example.com', 'Lysander Crewe', '404-555-0133',
     '133 Dogwood Square, Atlanta', 'GA', 1000),
    -- A space behind the phone. It can be dialled all the same.
    -- planted: customers.text_is_clean 134
    (134, 'Elder Holdings', 'billing-134@example.com', 'Venetia Holloway', '404-555-0134 ',
     '134 Elder Square, Atlanta', 'GA', 1000),

    -- Unicode that is not in normalisation form C -----------------------------------------------------------

    -- "e" and a combining accent, as macOS writes names: equal to the eye, unequal to "=".
    -- planted: customers.text_is_normalised 135
    (135, E'Cafe\u0301 Fern', 'billing-135@example.com', 'Ambrose Tillotson', '503-555-0135',
     '135 Fern Hill, Portland', 'OR', 1000),
    -- The sign for the unit angstrom in place of the letter A with ring.
    -- planted: customers.text_is_normalised 136
    (136, 'Gorse Imports', 'billing-136@example.com', 'Perpetua Lang', '503-555-0136',
     E'136 \u212bngstrom Hill, Portland', 'OR', 1000),

    -- Customers twice ---------------------------------------------------------------------------------------

    -- The first of three stands: no rule names it.
    (137, 'Bright Harbor Media', 'billing-137@example.com', 'Tarquin Eastlake', '206-555-0137',
     '9 Pier Road, Tacoma', 'WA', 1000),
    -- The same, in capitals and with two spaces where there was one.
    -- planted: customers.no_duplicate 138
    (138, 'BRIGHT  HARBOR MEDIA', 'billing-138@example.com', 'Winifred Goss', '206-555-0138',
     '9 PIER ROAD,  TACOMA', 'WA', 1000),
    -- The same, as another form stored it.
    -- planted: customers.no_duplicate 139
    -- follows: customers.state_is_usps_code 139
    -- follows: customers.text_is_clean 139
    (139, 'Bright Harbor Media ', 'billing-139@example.com', 'Octavius Pell', '206-555-0139',
     '9 Pier Road, Tacoma', 'wa', 1000),
    -- control: the same company at another address is a branch.
    (140, 'Bright Harbor Media', 'billing-140@example.com', 'Hermione Stagg', '206-555-0140',
     '12 Quay Road, Tacoma', 'WA', 1000),

    -- Balance; more of it in 30-recreation.sql --------------------------------------------------------------

    -- 0.1 + 0.2 in binary floating point.
    -- planted: customers.balance_is_whole_cents 141
    (141, 'Hazel Ledger', 'billing-141@example.com', 'Crispin Vale', '302-555-0141',
     '141 Hazel Street, Dover', 'DE', 0.30000000000000004),
    -- Drawn on twice at once: nothing in the schema keeps a balance from falling below zero.
    -- planted: customers.balance_is_not_negative 142
    (142, 'Ilex Ledger', 'billing-142@example.com', 'Theodora Finch', '302-555-0142',
     '142 Ilex Street, Dover', 'DE', -25.5),
    -- control: minus zero is not below zero.
    (143, 'Jasmine Ledger', 'billing-143@example.com', 'Mortimer Haye', '302-555-0143',
     '143 Jasmine Street, Dover', 'DE', '-0');
